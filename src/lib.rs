//! The composition root: puts the modules of a role together and serves them. No business rule.

mod audit;
mod background;
mod cli;
mod commands;
mod connection;
mod databases;
mod failure;
mod gate;
mod greeting;
mod huge_pages;
mod open_files;
pub mod openapi;
mod probes;
mod role;
mod server;
mod settings;
mod stop;
mod wiring;

pub use cli::Flags;
pub use commands::run;
pub use role::Role;
pub use settings::Settings;
