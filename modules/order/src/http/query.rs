//! The filters of the history.

use chrono::{DateTime, SubsecRound, Utc};
use platform::{
    cursor,
    idempotency::IdempotencyKey,
    problem::{ErrorKind, Place, Problem},
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::model::{OrderFilter, OrderStatus, Position};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// Read as text, so that each fault can name its parameter.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListOrdersQuery {
    /// Only orders of this status.
    #[param(value_type = Option<OrderStatus>)]
    status: Option<String>,
    /// Only orders created then or later, RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only orders created before, RFC 3339.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Only the order of exactly this Idempotency-Key.
    key: Option<String>,
    /// Orders a page, 1 to 200; 50 when it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `nextCursor` of the page before. It carries the filters; those that are given beside it must be the same.
    cursor: Option<String>,
}

/// What is wanted, checked.
#[derive(Debug)]
pub struct WantedPage {
    pub filter: OrderFilter,
    pub after: Option<Position>,
    pub limit: usize,
}

/// What a cursor holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct PageMark {
    pub filter: OrderFilter,
    pub position: Position,
}

impl ListOrdersQuery {
    /// Checks the parameters.
    ///
    /// # Errors
    /// A 400 that names the first parameter that is not right.
    pub fn read(self) -> Result<WantedPage, Problem> {
        let limit = self
            .limit
            .as_deref()
            .map_or(Ok(DEFAULT_LIMIT), read_limit)?;
        let filter = OrderFilter {
            status: self.status.as_deref().map(read_status).transpose()?,
            from: self
                .from
                .as_deref()
                .map(|text| read_time("from", text))
                .transpose()?,
            to: self
                .to
                .as_deref()
                .map(|text| read_time("to", text))
                .transpose()?,
            key: self.key.map(read_key).transpose()?,
        };
        let Some(cursor) = &self.cursor else {
            return Ok(WantedPage {
                filter,
                after: None,
                limit,
            });
        };
        let mark: PageMark = cursor::decode(cursor)?;
        check_same(&filter, &mark.filter)?;
        Ok(WantedPage {
            filter: mark.filter,
            after: Some(mark.position),
            limit,
        })
    }
}

/// A filter beside a cursor must be the cursor's: another list has no such page.
fn check_same(given: &OrderFilter, carried: &OrderFilter) -> Result<(), Problem> {
    let differing = [
        (
            "status",
            given.status.is_some() && given.status != carried.status,
        ),
        ("from", given.from.is_some() && given.from != carried.from),
        ("to", given.to.is_some() && given.to != carried.to),
        ("key", given.key.is_some() && given.key != carried.key),
    ];
    match differing.into_iter().find(|(_, differs)| *differs) {
        Some((name, _)) => Err(fault(
            name,
            "is another than the cursor's list has; leave out one of the two",
        )),
        None => Ok(()),
    }
}

fn read_limit(text: &str) -> Result<usize, Problem> {
    let limit = text
        .parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| fault("limit", "must be a whole number from 1 to 200"))
}

fn read_status(text: &str) -> Result<OrderStatus, Problem> {
    let status = OrderStatus::from_stored(text);
    status.ok_or_else(|| {
        fault(
            "status",
            "must be pending, confirmed, rejected or cancelled",
        )
    })
}

fn read_time(name: &str, text: &str) -> Result<DateTime<Utc>, Problem> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc().trunc_subsecs(6));
    time.map_err(|_| {
        fault(
            name,
            "must be a time as RFC 3339 has it, such as 2026-11-24T08:00:00Z (write + as %2B)",
        )
    })
}

fn read_key(text: String) -> Result<String, Problem> {
    IdempotencyKey::parse(&text).map_err(|error| fault("key", &error.to_string()))?;
    Ok(text)
}

fn fault(name: &str, detail: &str) -> Problem {
    Problem::fault(ErrorKind::Malformed, Place::Query(name.to_owned()), detail)
}

#[cfg(test)]
mod tests {
    use contract::OrderId;
    use uuid::Uuid;

    use super::*;

    fn named(problem: &Problem) -> &Place {
        &problem.faults[0].place
    }

    #[test]
    fn names_the_parameter_that_is_not_right() {
        let cases = [
            (
                "limit",
                ListOrdersQuery {
                    limit: Some("201".into()),
                    ..Default::default()
                },
            ),
            (
                "limit",
                ListOrdersQuery {
                    limit: Some("many".into()),
                    ..Default::default()
                },
            ),
            (
                "status",
                ListOrdersQuery {
                    status: Some("open".into()),
                    ..Default::default()
                },
            ),
            (
                "from",
                ListOrdersQuery {
                    from: Some("today".into()),
                    ..Default::default()
                },
            ),
            (
                "to",
                ListOrdersQuery {
                    to: Some("2026-11-24".into()),
                    ..Default::default()
                },
            ),
            (
                "key",
                ListOrdersQuery {
                    key: Some("x".into()),
                    ..Default::default()
                },
            ),
            (
                "cursor",
                ListOrdersQuery {
                    cursor: Some("x".into()),
                    ..Default::default()
                },
            ),
        ];
        for (name, query) in cases {
            let problem = query.read().unwrap_err();
            assert_eq!(
                (named(&problem), problem.kind.status()),
                (&Place::Query(name.into()), 400)
            );
        }
    }

    #[test]
    fn a_cursor_carries_its_filters_and_takes_no_others() {
        let filter = OrderFilter {
            status: Some(OrderStatus::Confirmed),
            ..OrderFilter::default()
        };
        let position = Position {
            created_at: platform::clock::now(),
            id: OrderId(Uuid::from_u128(1)),
        };
        let cursor = cursor::encode(&PageMark {
            filter: filter.clone(),
            position,
        })
        .unwrap();
        let query = |status: Option<&str>, key: Option<&str>| ListOrdersQuery {
            status: status.map(str::to_owned),
            key: key.map(str::to_owned),
            cursor: Some(cursor.clone()),
            ..Default::default()
        };
        for status in [None, Some("confirmed")] {
            let page = query(status, None).read().unwrap();
            assert_eq!((page.filter, page.after), (filter.clone(), Some(position)));
        }
        let problem = query(Some("rejected"), None).read().unwrap_err();
        assert_eq!(named(&problem), &Place::Query("status".into()));
        let problem = query(None, Some("0123456789abcdef")).read().unwrap_err();
        assert_eq!(named(&problem), &Place::Query("key".into()));
    }
}
