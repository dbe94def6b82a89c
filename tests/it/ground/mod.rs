//! Faults of the ground that a shop stands on: one clear line or problem document each, nothing lost, and service again
//! by itself. A database of another currency or a newer schema, and a port that is taken: see `commands`.

mod clock;
mod connections;
mod database;
mod disk;
#[cfg(target_os = "linux")]
mod log;
