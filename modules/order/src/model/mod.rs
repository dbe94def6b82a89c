//! What the module talks about, without database or HTTP.

mod audited;
mod cancel;
mod filter;
mod merge;
mod order;
mod pending;
mod place;
mod rejection;
mod status;

pub use audited::AuditedOrder;
pub use cancel::{CancelOrder, CancelTarget};
pub use filter::{OrderFilter, Position};
pub use merge::{ItemField, MergeFault, MergeFaultKind, WantedItem, merge};
pub use order::{Order, OrderLine, OrderState};
pub use pending::{Misfit, PendingOrder, Standing};
pub use place::{OrderRequest, PlaceOrder, RequestedLine};
pub use rejection::{Reason, ReasonKind, Rejection};
pub use status::OrderStatus;
