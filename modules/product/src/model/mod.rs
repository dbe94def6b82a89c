//! What the module talks about, without database or HTTP.

mod audited;
mod change;
mod command;
mod decision;
mod fields;
mod import;
mod level;
mod movement;
mod product;
mod refusal;
mod search;
mod text;

pub use audited::{BadLevel, BadMovement, Decision};
pub use command::{Adjustment, AdjustmentReason, NewProduct, Replacement, StockCount};
pub use decision::{decide, takes};
pub use fields::{FieldFault, FieldFaults, Fields};
pub use import::{ImportLine, LineFault, Step, Subject};
pub use movement::{Movement, Reason, StockLevel};
pub use product::{Catalogue, Product, StockPolicy};
pub use refusal::Refusal;
pub use search::{ProductFilter, search_words};
pub use text::{TEXT_PATTERN, parse_text};
