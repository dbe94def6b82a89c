//! What starts a shop as real processes on servers of its own; `bench` measures on the same ground.

pub mod dns;
pub mod lock;
pub mod place;
pub mod postgres;
pub mod process;
