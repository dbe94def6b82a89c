//! What every role's HTTP side shares: extractors, problem documents, health, observation.

mod answer;
mod call_deadline;
mod caller;
mod cors;
mod edge;
mod fallback;
mod health;
mod incoming;
mod json;
mod key;
mod keyed;
mod object;
mod page;
mod path;
mod precondition;
mod problem;
mod query;
mod rate_limit;

pub use answer::{answer_json, answered};
pub use call_deadline::CallDeadline;
pub use caller::{NoAddress, TrustedProxies};
pub use cors::cross_origin;
pub use edge::serve_request;
pub use fallback::{RouteTable, no_such_route};
pub use health::{Draining, Found, Peer, Readiness, livez, metrics_page, readyz};
pub use incoming::{SilentBodyTimeout, guard_incoming};
pub use json::{BodyLimit, JsonBody, body_limit};
pub use key::Key;
pub use keyed::keyed;
pub use object::Object;
pub use page::{Limit, Page, Position, Sound};
pub use path::PathId;
pub use precondition::{IfMatch, etag};
pub use problem::PROBLEM_JSON;
pub use query::QueryParameters;
pub use rate_limit::{RateLimit, limit_rate};
