//! Clients that take their time, leave, or say nothing, at a process itself: the whole shop, or a service. Those of the
//! gateway are in `gateway/limits.rs`.

mod crowd;
mod doors;
mod leaving;
mod open_files;
mod quiet;
mod slow;
mod unread;
