//! The filters of the history.

use chrono::{DateTime, Datelike, SubsecRound, Utc};
use platform::{
    http::{Limit, Sound},
    idempotency::IdempotencyKey,
};
use serde::{Deserialize, Deserializer, de::Error};
use utoipa::IntoParams;

use crate::model::{OrderFilter, OrderStatus, Position};

/// Which orders to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListOrdersQuery {
    /// Only orders of this status.
    status: Option<OrderStatus>,
    /// Only orders created then or later, RFC 3339.
    #[serde(default, deserialize_with = "read_time")]
    from: Option<DateTime<Utc>>,
    /// Only orders created before, RFC 3339.
    #[serde(default, deserialize_with = "read_time")]
    to: Option<DateTime<Utc>>,
    /// Only the order of exactly this Idempotency-Key.
    #[param(value_type = Option<String>, min_length = 16, max_length = 255, pattern = "^[!-~]*$")]
    key: Option<IdempotencyKey>,
    /// Items of a page.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    pub limit: Limit,
    /// `nextCursor` of the page before; it carries its filters.
    pub cursor: Option<String>,
}

impl ListOrdersQuery {
    pub fn filter(&self) -> OrderFilter {
        OrderFilter {
            status: self.status,
            from: self.from,
            to: self.to,
            key: self.key.as_ref().map(|key| key.as_str().to_owned()),
        }
    }
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = DateTime::parse_from_rfc3339(&text).map_err(|_| {
        D::Error::custom("must be a time as RFC 3339 has it, such as 2026-11-24T08:00:00Z (write + as %2B)")
    })?;
    let time = time.to_utc().trunc_subsecs(6);
    match is_storable(&time) {
        true => Ok(Some(time)),
        false => Err(D::Error::custom("must be in the years 0 to 9999, in UTC")),
    }
}

/// Years that both databases can keep.
fn is_storable(time: &DateTime<Utc>) -> bool {
    (0..=9999).contains(&time.year())
}

impl Sound for OrderFilter {
    fn is_sound(&self) -> bool {
        self.key.as_deref().is_none_or(|key| IdempotencyKey::parse(key).is_ok())
            && [&self.from, &self.to].into_iter().flatten().all(is_storable)
    }
}

impl Sound for Position {
    fn is_sound(&self) -> bool {
        is_storable(&self.created_at)
    }
}
