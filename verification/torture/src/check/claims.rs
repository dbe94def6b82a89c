//! The history, request by request: what was asked under each key, and what each try was told.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use crate::history::{Event, History, What};

#[derive(Default)]
pub struct Claims(HashMap<String, Claim>);

pub struct Claim {
    pub key: String,
    pub what: What,
    pub tries: HashMap<u32, Try>,
    /// A wire delivered it once more.
    pub doubled: bool,
}

/// Times are microseconds since the start of the run.
pub struct Try {
    pub asked_at: u64,
    pub told_at: u64,
    /// 0 for silence.
    pub status: u16,
    pub code: Option<String>,
    pub changed_nothing: bool,
    body: Option<Box<str>>,
}

impl Claims {
    pub fn read(history: &History) -> anyhow::Result<Self> {
        let mut claims = Self::default();
        for line in history.read()? {
            let line = line?;
            match line.event {
                Event::Asked { key, attempt, what, .. } => {
                    let claim = claims.0.entry(key.clone());
                    let claim =
                        claim.or_insert_with(|| Claim { key, what, tries: HashMap::new(), doubled: false });
                    claim.tries.insert(attempt, Try::asked(line.at));
                }
                Event::Told { key, attempt, answer } => {
                    let told = claims.0.get_mut(&key).and_then(|claim| claim.tries.get_mut(&attempt));
                    let told = told.ok_or_else(|| anyhow::anyhow!("{key} was told without being asked"))?;
                    told.told_at = line.at;
                    told.status = answer.status;
                    told.changed_nothing = answer.changed_nothing();
                    told.code = answer.code;
                    told.body = answer.body.map(|body| body.to_string().into());
                }
                Event::Doubled { key } => {
                    if let Some(claim) = claims.0.get_mut(&key) {
                        claim.doubled = true;
                    }
                }
            }
        }
        Ok(claims)
    }

    pub fn get(&self, key: &str) -> Option<&Claim> {
        self.0.get(key)
    }

    pub fn all(&self) -> impl Iterator<Item = &Claim> {
        self.0.values()
    }

    pub fn sales(&self) -> impl Iterator<Item = &Claim> {
        self.all().filter(|claim| matches!(claim.what, What::Sale { .. }))
    }
}

impl Try {
    fn asked(at: u64) -> Self {
        Self { asked_at: at, told_at: at, status: 0, code: None, changed_nothing: false, body: None }
    }

    /// Silence, 5xx, 408 and 429 leave open what became of it.
    pub fn is_unknown(&self) -> bool {
        matches!(self.status, 0 | 408 | 429 | 500..)
    }

    pub fn body(&self) -> Value {
        self.body.as_ref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
    }

    pub fn says(&self) -> String {
        format!("{} {}", self.status, self.code.as_deref().unwrap_or_default())
    }
}

impl Claim {
    pub fn told(&self) -> impl Iterator<Item = &Try> {
        self.tries.values().filter(|one| !one.is_unknown())
    }

    pub fn is_told(&self) -> bool {
        self.told().next().is_some()
    }

    /// Every request of it that was delivered said that it changed nothing.
    pub fn changed_nothing(&self) -> bool {
        !self.doubled && self.tries.values().all(|one| one.changed_nothing)
    }
}

/// Of a sale that was told.
pub fn told_order(claim: &Claim) -> Option<(String, Option<Uuid>)> {
    let body = claim.told().next()?.body();
    let id = body["id"].as_str().or(body["orderId"].as_str());
    Some((claim.key.clone(), id.and_then(|id| id.parse().ok())))
}

/// A decimal string or number, in units of its last of `places` places.
pub fn amount(value: &Value, places: usize) -> Option<i64> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    if part.len() > places && part[places..].bytes().any(|digit| digit != b'0') {
        return None;
    }
    let part: String = part.chars().chain(std::iter::repeat('0')).take(places).collect();
    format!("{whole}{part}").parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::amount;

    #[test]
    fn reads_amounts() {
        let read = [
            (json!("12.50"), 2),
            (json!(2), 3),
            (json!(0.35), 3),
            (json!(-1.5), 3),
            (json!("-0.001"), 3),
            (json!(2.0), 3),
        ];
        let read = read.map(|(value, places)| amount(&value, places));
        assert_eq!(read, [Some(1250), Some(2000), Some(350), Some(-1500), Some(-1), Some(2000)]);
        assert_eq!(amount(&json!("1.005"), 2), None);
        assert_eq!(amount(&json!(null), 2), None);
    }
}
