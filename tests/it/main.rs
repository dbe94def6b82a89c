//! Everything that needs a database, a process or the wire; run by `./test`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in what it stands on")]

mod api_page;
mod architecture;
mod audit;
mod bad_input;
mod commands;
mod containers;
mod contention;
mod crowded;
mod end_to_end;
mod ending;
mod faults;
mod footprint;
mod gateway;
mod ground;
mod kill_points;
#[cfg(target_os = "linux")]
mod on_disk;
mod overload;
mod process_faults;
mod product_files;
mod replay;
mod rude;
mod schemathesis;
mod store;
mod support;
