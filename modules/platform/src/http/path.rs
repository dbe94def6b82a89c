//! An id in the path.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use uuid::Uuid;

use crate::problem::{ErrorKind, Place, Problem};

/// The path parameter `id`, a UUID. 400 otherwise.
pub struct PathId<T>(pub T);

impl<T: From<Uuid>> FromRequest for PathId<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").unwrap_or_default();
        let read = Uuid::try_parse(id).map(|id| Self(id.into())).map_err(|_| {
            let place = Place::Path("id".into());
            Problem::fault(ErrorKind::Malformed, place, "the id in the path must be a UUID")
        });
        ready(read)
    }
}
