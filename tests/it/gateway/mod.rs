//! The gateway before replicas that do as a test tells them, on loopback.

pub mod dns;
mod replica;
mod rig;

mod balance;
mod discovery;
mod drain;
mod edge;
mod faults;
mod headers;
mod health;
mod limits;
mod paths;
mod smuggling;
mod unwanted;
mod view;
