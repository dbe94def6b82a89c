//! The tables, as SeaORM entities.

pub mod deduction;
pub mod deduction_line;
pub mod movement;
pub mod product;
pub mod product_word;
pub mod stock;
