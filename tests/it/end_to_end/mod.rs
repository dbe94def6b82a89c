//! The shop over real HTTP, the same in every shape. Knows base URLs only, makes its own products, assumes no empty shop.

mod cancellations;
mod catalogue;
mod idempotency;
mod keys;
mod lists;
mod order_history;
mod orders;
mod policies;
mod problems;
mod refusals;
mod stock;
mod surroundings;
