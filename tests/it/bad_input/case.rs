//! One bad input at one route, and where the answer must point.

use serde_json::Value;

use super::request::Request;
use crate::support::wire::Message;

/// Longest answer; what came in may have a megabyte.
const MOST_ANSWERED: usize = 4096;

pub struct Case {
    pub section: &'static str,
    /// What is wrong, as the table says it.
    pub input: String,
    /// The routes that get it, or the field.
    pub scope: &'static str,
    pub route: String,
    pub request: Request,
    pub fault: Fault,
    /// Where it is a field or parameter that is wrong: its pointer or name.
    pub field: Option<String>,
}

/// What the answer names as the fault's place.
#[derive(Clone, Debug)]
pub enum Fault {
    /// JSON pointer into the body.
    At(String),
    /// Somewhere in a body that is no JSON.
    InBody,
    Parameter(String),
    Header(&'static str),
    /// A part of the path.
    Path,
    /// What is wrong has no place, such as a method.
    Unplaced,
    /// The parser below every route answers by itself.
    NoDocument,
}

/// What came back.
pub struct Told {
    pub status: u16,
    pub code: String,
    /// Such as `pointer /price`.
    pub place: String,
}

impl Case {
    /// What it got, or why that is none of what bad input may get.
    pub fn judge(&self, answer: &Message) -> Result<Told, String> {
        let text: String = answer.text().chars().take(600).collect();
        let wrong =
            |why: &str| Err(format!("{} at {}: {why}: {} {text}", self.input, self.route, answer.start));
        if !(400..500).contains(&answer.status()) {
            return wrong("not refused");
        }
        if let Fault::NoDocument = self.fault {
            return match answer.body.is_empty() {
                true => Ok(Told { status: answer.status(), code: "none".into(), place: String::new() }),
                false => wrong("a document after all"),
            };
        }
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let texts =
            ["type", "title", "detail", "code"].map(|member| document[member].as_str().unwrap_or_default());
        let header = |name: &str| answer.all(name).first().map(|value| (*value).to_owned());
        let is_whole = header("content-type").as_deref() == Some("application/problem+json")
            && document["status"] == answer.status()
            && document["requestId"].as_str().map(str::to_owned) == header("x-request-id")
            && texts.iter().all(|text| !text.is_empty());
        if !is_whole {
            return wrong("no whole problem document");
        }
        if answer.body.len() > MOST_ANSWERED {
            return wrong("it repeats the input");
        }
        let errors = document["errors"].as_array().map_or(&[][..], Vec::as_slice);
        match self.place(errors) {
            Some(place) => {
                let place = self.in_words(place);
                Ok(Told { status: answer.status(), code: texts[3].to_owned(), place })
            }
            None => wrong(&format!("{:?} is not what it names", self.fault)),
        }
    }

    /// So that one line of the table can stand for many fields.
    fn in_words(&self, place: String) -> String {
        let Some(field) = &self.field else { return place };
        let (kind, named) = place.split_once(' ').unwrap_or((&place, ""));
        match (kind, named == field) {
            ("parameter", _) => "the parameter".to_owned(),
            (_, true) => "the field".to_owned(),
            (_, false) => "what is around the field".to_owned(),
        }
    }

    /// The only fault that is told, if it is at the right place.
    fn place(&self, errors: &[Value]) -> Option<String> {
        let only = |name: &str| match errors {
            [error] => error[name].as_str().map(|place| format!("{name} {place}").trim_end().to_owned()),
            _ => None,
        };
        let exactly = |name: &str, place: &str| only(name).filter(|_| errors[0][name] == place);
        match &self.fault {
            Fault::At(pointer) => exactly("pointer", pointer),
            Fault::InBody => only("pointer"),
            Fault::Parameter(name) => exactly("parameter", name),
            Fault::Header(name) => exactly("header", name),
            Fault::Path => only("path"),
            Fault::Unplaced => errors.is_empty().then(String::new),
            Fault::NoDocument => None,
        }
    }
}
