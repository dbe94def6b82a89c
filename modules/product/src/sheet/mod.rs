//! The catalogue as a file of comma-separated values, in and out.

mod cell;
mod columns;
mod export;
mod import;
mod lines;
mod records;
mod seen;
mod source;

pub use export::{ExportError, export};
pub use import::{ImportError, Pass, Summary, Watch, import};

/// Lines that are checked, written in one transaction, or read from the catalogue together: a running shop waits for no
/// more than these.
pub(crate) const BATCH_LINES: usize = 500;
