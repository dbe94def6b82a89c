//! The order protocol as a model that is explored to its end, and the ways to get it wrong.

mod call;
mod describe;
mod flaw;
mod instance;
mod order_side;
mod product_side;
mod property;
mod protocol;
mod state;

pub use call::{Call, CallAt, Question, Reply, Written};
pub use describe::describe;
pub use flaw::Flaw;
pub use instance::{Agent, Instance, Role};
pub use protocol::Step;
pub use state::{Content, Deduction, Doubt, Pending, Place, Row, State, Status, Told, Verdict, Work};
