//! What the module talks about, without database or HTTP.

mod movement;
mod product;
mod refusal;
mod search;

pub use movement::{Movement, Reason, StockLevel};
pub use product::{Catalogue, Product, StockPolicy};
pub use refusal::Refusal;
pub use search::search_words;
