//! The records of the file, each with the number of the line in which it begins.

use std::io::Read;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::source::Source;
use crate::model::LineFault;

/// Ends at the end of the file, or where it cannot be read on.
pub struct Records<R> {
    reader: Reader<Source<R>>,
    record: ByteRecord,
    is_at_end: bool,
}

impl<R: Read> Records<R> {
    pub fn of(source: R) -> Self {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Source::new(source));
        Self { reader, record: ByteRecord::new(), is_at_end: false }
    }

    /// Bytes that were read so far.
    pub fn bytes(&self) -> u64 {
        self.reader.position().byte()
    }

    /// The next record and its line, or why there is none that can be read.
    pub fn advance(&mut self) -> Option<Result<(u64, &ByteRecord), LineFault>> {
        if self.is_at_end {
            return None;
        }
        let start = self.bytes();
        let result = self.reader.read_byte_record(&mut self.record);
        let line = self.reader.get_mut().line_of(start);
        match result {
            Ok(true) => Some(Ok((line, &self.record))),
            Ok(false) => {
                self.is_at_end = true;
                None
            }
            Err(error) => {
                self.is_at_end = true;
                let detail = match error.into_kind() {
                    csv::ErrorKind::Io(error) => error.to_string(),
                    other => format!("cannot be read: {other:?}"),
                };
                Some(Err(LineFault { line, field: None, detail }))
            }
        }
    }
}
