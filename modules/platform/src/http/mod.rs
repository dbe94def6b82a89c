//! What every role's HTTP side shares: extractors, problem documents, health, observation.

mod edge;
mod fallback;
mod health;
mod json;
mod key;
mod object;
mod path;
mod precondition;
mod problem;
mod query;

pub use edge::serve_request;
pub use fallback::{RouteTable, no_such_route};
pub use health::{Draining, Peer, Readiness, livez, metrics_page, readyz};
pub use json::{BodyLimit, JsonBody, body_limit};
pub use key::Key;
pub use object::Object;
pub use path::PathId;
pub use precondition::{IfMatch, etag};
pub use problem::PROBLEM_JSON;
pub use query::QueryParameters;
