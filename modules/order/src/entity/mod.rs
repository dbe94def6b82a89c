//! The tables, as SeaORM entities.

pub mod order;
pub mod order_line;
