//! What the suites stand on: databases, processes, a client, a shop.

pub mod audit;
pub mod client;
pub mod directory;
pub mod engine;
pub mod gateway;
pub mod large_catalogue;
pub mod link;
pub mod load;
pub mod mount;
pub mod peer;
pub mod plan;
pub mod port;
pub mod postgres;
pub mod process;
pub mod shop;
pub mod skipped;
pub mod stores;
pub mod surge;
pub mod wait;
pub mod wire;
