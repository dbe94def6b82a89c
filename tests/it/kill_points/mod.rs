//! A driver dies between any two steps of a sale; another replica's sweeper, or the client's repeat, finishes the order
//! with the same result.

mod cancel;
mod decide_by;
mod finish;
mod lost;
mod place;
mod sweeper;
