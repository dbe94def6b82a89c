//! What the modules may know of each other: traits, wire types, amounts, codes. No database, no server.

pub mod amount;
pub mod audit;
mod code;
mod currency;
mod deduction;
mod document;
mod ids;
mod money;
mod product_api;
mod product_client;
mod quantity;
pub mod schema;
mod shop;

pub use amount::RawAmount;
pub use code::Code;
pub use currency::{Currency, CurrencyError};
pub use deduction::{
    DecideLine, DecideRequest, Deduction, DeductionLine, LineRefusal, LineRefusalCause, MAX_ORDER_LINES,
    RefusalCause, RefuseRequest, Verdict,
};
pub use document::{ChangeProblems, InputFaultDocument, ProblemDocument, ReadProblems};
pub use ids::{OrderId, ProductId};
pub use money::{Money, MoneyError};
pub use product_api::{ProductApi, ProductApiError};
pub use product_client::ProductClient;
pub use quantity::{Quantity, QuantityError};
pub use shop::{SHOP_HEADER, Shop};
