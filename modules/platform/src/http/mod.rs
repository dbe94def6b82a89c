//! What every role's HTTP side shares: extractors, problem documents, health, observation.

mod answer;
mod call_deadline;
mod edge;
mod fallback;
mod health;
mod json;
mod key;
mod keyed;
mod object;
mod page;
mod path;
mod precondition;
mod problem;
mod query;

pub use answer::{answer_json, answered};
pub use call_deadline::CallDeadline;
pub use edge::serve_request;
pub use fallback::{RouteTable, no_such_route};
pub use health::{Draining, Found, Peer, Readiness, livez, metrics_page, readyz};
pub use json::{BodyLimit, JsonBody, body_limit};
pub use key::Key;
pub use keyed::keyed;
pub use object::Object;
pub use page::{Limit, Page, Position};
pub use path::PathId;
pub use precondition::{IfMatch, etag};
pub use problem::PROBLEM_JSON;
pub use query::QueryParameters;
