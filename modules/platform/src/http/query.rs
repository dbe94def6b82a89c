//! Query parameters; one that is unknown, doubled or unreadable is refused by its name.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use serde_urlencoded::Deserializer;

use super::shorten::shortened;
use crate::problem::{ErrorKind, Place, Problem};

/// The query string as `T`, which must refuse unknown fields. 400 otherwise.
pub struct QueryParameters<T>(pub T);

impl<T: DeserializeOwned> FromRequest for QueryParameters<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    if let Some((name, _)) = pairs.clone().find(|(name, value)| is_garbled(name) || is_garbled(value)) {
        return Err(Problem::fault(ErrorKind::Malformed, Place::Query(shortened(&name)), "must be UTF-8"));
    }
    serde_path_to_error::deserialize(Deserializer::new(pairs)).map_err(|error| {
        let message = error.inner().to_string();
        let named =
            ["unknown field `", "duplicate field `"].iter().find_map(|start| message.strip_prefix(start));
        let name = match named {
            Some(rest) => shortened(rest.split('`').next().unwrap_or_default()),
            None => error.path().to_string(),
        };
        Problem::fault(ErrorKind::Malformed, Place::Query(name), shortened(&message))
    })
}

/// Where the bytes are no UTF-8 the parser puts this character, by which nobody wants to find anything.
fn is_garbled(text: &str) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Filter {
        #[allow(dead_code, reason = "read by serde alone")]
        low_stock: Option<bool>,
        #[allow(dead_code, reason = "read by serde alone")]
        limit: Option<u32>,
    }

    #[test]
    fn names_the_parameter_that_is_wrong() {
        for (query, name) in [
            ("limit=x", "limit"),
            ("limit=-1", "limit"),
            ("lowStock=yes", "lowStock"),
            ("colour=red", "colour"),
            ("limit=1&limit=2", "limit"),
            ("limit=1&lowStock=%ff", "lowStock"),
        ] {
            let problem = read::<Filter>(query).unwrap_err();
            assert_eq!(problem.kind, ErrorKind::Malformed);
            assert_eq!(problem.faults[0].place, Place::Query(name.into()), "{query}");
        }
        assert!(read::<Filter>("lowStock=true&limit=1").is_ok());
    }
}
