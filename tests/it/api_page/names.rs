//! The ids, times and cursors of the page, and those that a shop really gave: each of the page's stands for one.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

use super::page::Answer;

/// Which of the shop's ids and cursors each of the page's stands for.
#[derive(Default)]
pub struct Names {
    of_page: BTreeMap<String, String>,
    of_shop: BTreeMap<String, String>,
}

impl Names {
    /// A text of the page as the shop must hear it.
    pub fn for_shop(&self, text: &str) -> String {
        replace(text, &self.of_page)
    }

    /// An answer of the shop in the page's names. What is new is named as the page names it in the same place.
    pub fn in_page(&mut self, told: &Answer, page: &Answer) -> Answer {
        if let (Some(told), Some(page)) = (&told.body, &page.body) {
            self.learn("", told, page);
        }
        let headers = told.headers.iter().map(|(name, value)| (name.clone(), replace(value, &self.of_shop)));
        let body = told
            .body
            .as_ref()
            .map(|body| self.translate("", body, page.body.as_ref().unwrap_or(&Value::Null)));
        Answer { status: told.status, headers: headers.collect(), body }
    }

    fn learn(&mut self, name: &str, told: &Value, page: &Value) {
        match (told, page) {
            (Value::String(told), Value::String(page))
                if is_name(name, told)
                    && is_name(name, page)
                    && !self.of_shop.contains_key(told)
                    && !self.of_page.contains_key(page) =>
            {
                self.of_shop.insert(told.clone(), page.clone());
                self.of_page.insert(page.clone(), told.clone());
            }
            (Value::Array(told), Value::Array(page)) => {
                told.iter().zip(page).for_each(|(told, page)| self.learn(name, told, page));
            }
            (Value::Object(told), Value::Object(page)) => {
                for (name, told) in told {
                    self.learn(name, told, page.get(name).unwrap_or(&Value::Null));
                }
            }
            _ => {}
        }
    }

    /// Any time is as good as any other.
    fn translate(&self, name: &str, told: &Value, page: &Value) -> Value {
        match told {
            Value::String(told) => match page {
                Value::String(page) if is_passing(name, told) && is_passing(name, page) => {
                    page.as_str().into()
                }
                _ => replace(told, &self.of_shop).into(),
            },
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(place, item)| self.translate(name, item, &page[place]))
                .collect(),
            Value::Object(members) => {
                let member =
                    |(name, told): (&String, &Value)| (name.clone(), self.translate(name, told, &page[name]));
                Value::Object(members.iter().map(member).collect())
            }
            other => other.clone(),
        }
    }
}

fn is_name(name: &str, text: &str) -> bool {
    name == "nextCursor" || Uuid::parse_str(text).is_ok()
}

fn is_passing(name: &str, text: &str) -> bool {
    name == "requestId" || DateTime::parse_from_rfc3339(text).is_ok()
}

fn replace(text: &str, names: &BTreeMap<String, String>) -> String {
    names.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
