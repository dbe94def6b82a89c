//! Schedules of the protocol's model, played on the real services and databases: after each step both must say the same.

mod drift;
mod gate;
mod play;
mod player;
mod schedules;
mod shop;
