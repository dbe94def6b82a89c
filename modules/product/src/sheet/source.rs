//! The bytes of the file, counted: which line of the file a record begins in, and no record without end.

use std::{
    collections::VecDeque,
    io::{self, Read},
};

/// Longest record that is read. A quote that nobody closed makes one of all that follows.
const MAX_RECORD_BYTES: u64 = 64 << 10;

/// Reads through, and remembers where lines begin from the record that is read on.
///
/// The parser's own count of lines is behind after `\r\n` and blank lines.
pub struct Source<R> {
    inner: R,
    /// Bytes read so far.
    read: u64,
    record: u64,
    line: u64,
    at_line_end: bool,
    /// Where a line that is not blank begins, and its number.
    begins: VecDeque<(u64, u64)>,
}

impl<R: Read> Source<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, read: 0, record: 0, line: 1, at_line_end: true, begins: VecDeque::new() }
    }

    /// The number of the line in which the record begins that was parsed from byte `start` on.
    pub fn line_of(&mut self, start: u64) -> u64 {
        self.record = start;
        while self.begins.front().is_some_and(|(begin, _)| *begin < start) {
            self.begins.pop_front();
        }
        self.begins.front().map_or(self.line, |(_, line)| *line)
    }

    fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.at_line_end = true;
                }
                b'\r' => self.at_line_end = true,
                _ if self.at_line_end => {
                    self.begins.push_back((self.read, self.line));
                    self.at_line_end = false;
                }
                _ => {}
            }
            self.read += 1;
        }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read - self.record > MAX_RECORD_BYTES + buffer.len() as u64 {
            return Err(io::Error::other(format!(
                "has more than {MAX_RECORD_BYTES} bytes; is there a quote that is not closed?"
            )));
        }
        let count = self.inner.read(buffer)?;
        self.note(&buffer[..count]);
        Ok(count)
    }
}
