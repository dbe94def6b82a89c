//! Query parameters; an unknown one is refused by its name.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Query};
use serde::de::DeserializeOwned;

use crate::problem::{ErrorKind, Place, Problem};

/// The query string as `T`, which must refuse unknown fields. 400 otherwise.
pub struct QueryParameters<T>(pub T);

impl<T: DeserializeOwned> FromRequest for QueryParameters<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = Query::<T>::from_query(request.query_string())
            .map(|query| Self(query.into_inner()))
            .map_err(|error| query_problem(&error.to_string()));
        ready(read)
    }
}

fn query_problem(message: &str) -> Problem {
    let message = message.strip_prefix("Query deserialize error: ").unwrap_or(message);
    let named = message.strip_prefix("unknown field `").or(message.strip_prefix("duplicate field `"));
    match named.and_then(|rest| rest.split('`').next()) {
        Some(name) => {
            let place = Place::Query(name.to_owned());
            Problem::fault(ErrorKind::Malformed, place, message)
        }
        None => Problem::new(ErrorKind::Malformed, format!("The query cannot be read: {message}.")),
    }
}
