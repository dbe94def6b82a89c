//! Who may know whom, and that the API document tells the truth.

mod crates;
mod document;
mod layers;
mod sources;
