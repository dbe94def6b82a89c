//! What the module talks about, without database or HTTP.

mod command;
mod decision;
mod level;
mod movement;
mod product;
mod refusal;
mod search;

pub use command::{Adjustment, AdjustmentReason, NewProduct, Replacement, StockCount};
pub use decision::{decide, takes};
pub use movement::{Movement, Reason, StockLevel};
pub use product::{Catalogue, Product, StockPolicy};
pub use refusal::Refusal;
pub use search::{ProductFilter, search_words};
