//! Lines of the log on their way out. Whoever logs waits neither for a system call nor for whoever reads the log: a pipe that
//! nobody empties stops no sale.

use std::{
    io::{self, Write},
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// What waits to be written. A kill loses it: of what is no warning all that came within `delay`.
pub struct Lines {
    /// May wait; lines beyond that are dropped, and their number told. Of warnings and errors an eighth more may.
    most_bytes: usize,
    /// A line of `info` or below waits so long for others, which are then written together with it.
    delay: Duration,
    waiting: Mutex<Waiting>,
    changed: Condvar,
    written: Condvar,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    dropped: u64,
    is_urgent: bool,
    is_being_written: bool,
    is_closing: bool,
}

impl Lines {
    pub fn new(most_bytes: usize, delay: Duration) -> Self {
        Self {
            most_bytes,
            delay,
            waiting: Mutex::default(),
            changed: Condvar::default(),
            written: Condvar::default(),
        }
    }

    /// Writes what comes, for as long as the process lives.
    pub fn write_to(&self, mut output: impl Write) {
        loop {
            let mut taken = self.next();
            // whom could it be told
            let _ = output.write_all(&taken.text).and_then(|()| output.flush());
            if taken.dropped > 0 {
                tracing::warn!(
                    dropped = taken.dropped,
                    "lines of the log were dropped: it was not read in time"
                );
            }
            taken.text.clear();
            let mut waiting = self.lock();
            waiting.is_being_written = false;
            if waiting.text.is_empty() {
                // its room is used again
                waiting.text = taken.text;
            }
            drop(waiting);
            self.written.notify_all();
        }
    }

    /// Waits until all is written, for so long at most; answers whether it is. From then on no line waits for others.
    pub fn flush(&self, within: Duration) -> bool {
        let mut waiting = self.lock();
        waiting.is_closing = true;
        self.changed.notify_one();
        let is_left = |waiting: &mut Waiting| waiting.is_being_written || !waiting.text.is_empty();
        let waited = self.written.wait_timeout_while(waiting, within, is_left);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn next(&self) -> Waiting {
        let nothing = |waiting: &mut Waiting| waiting.text.is_empty();
        let waiting = self.changed.wait_while(self.lock(), nothing).unwrap_or_else(PoisonError::into_inner);
        let is_patient = |waiting: &mut Waiting| !waiting.is_urgent && !waiting.is_closing;
        let waited = self.changed.wait_timeout_while(waiting, self.delay, is_patient);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let taken = mem::take(&mut *waiting);
        (waiting.is_being_written, waiting.is_closing) = (true, taken.is_closing);
        taken
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        let room = if is_urgent { self.most_bytes + self.most_bytes / 8 } else { self.most_bytes };
        let mut waiting = self.lock();
        if waiting.text.len() + line.len() > room {
            waiting.dropped += 1;
            return;
        }
        let is_first = waiting.text.is_empty();
        waiting.text.extend_from_slice(line);
        let becomes_urgent = !waiting.is_urgent && (is_urgent || waiting.text.len() > self.most_bytes / 2);
        waiting.is_urgent |= becomes_urgent;
        drop(waiting);
        if is_first || becomes_urgent {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes one line.
pub struct Line<'a> {
    lines: &'a Lines,
    is_urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.add(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for &'static Lines {
    type Writer = Line<'static>;

    fn make_writer(&'a self) -> Line<'static> {
        Line { lines: self, is_urgent: true }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'static> {
        Line { lines: self, is_urgent: *event.level() <= Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        thread,
    };

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Waits for leave before it writes.
    struct Slow {
        leave: mpsc::Receiver<()>,
        written: mpsc::Sender<String>,
    }

    impl Write for Slow {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.leave.recv().map_err(io::Error::other)?;
            self.written.send(String::from_utf8_lossy(text).into_owned()).map_err(io::Error::other)?;
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Arc<Lines>, mpsc::Sender<()>, mpsc::Receiver<String>) {
        let ((leave, waits), (written, told)) = (mpsc::channel(), mpsc::channel());
        let lines = Arc::new(Lines::new(1000, LONG));
        let of_thread = lines.clone();
        thread::spawn(move || of_thread.write_to(Slow { leave: waits, written }));
        (lines, leave, told)
    }

    #[test]
    fn lines_go_out_together_in_their_order_once_one_is_urgent() {
        let (lines, leave, told) = slow();
        leave.send(()).unwrap();
        lines.add(b"one\n", false);
        lines.add(b"two\n", false);
        assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "they wait for others");
        lines.add(b"three\n", true);
        assert_eq!(told.recv_timeout(LONG / 2).unwrap(), "one\ntwo\nthree\n");
    }

    #[test]
    fn what_fills_half_the_room_waits_no_longer() {
        let (lines, leave, told) = slow();
        leave.send(()).unwrap();
        lines.add(&[b'a'; 400], false);
        lines.add(&[b'a'; 400], false);
        assert_eq!(told.recv_timeout(LONG / 2).unwrap().len(), 800);
    }

    #[test]
    fn flush_waits_for_what_is_left_and_not_for_ever() {
        let (lines, leave, told) = slow();
        lines.add(b"last\n", false);
        assert!(!lines.flush(Duration::from_millis(1)), "it may not be written yet");
        leave.send(()).unwrap();
        assert!(lines.flush(LONG));
        assert_eq!(told.try_recv().unwrap(), "last\n");
    }

    #[test]
    fn whoever_logs_does_not_wait_for_whoever_reads_and_what_is_too_much_is_counted() {
        let lines = Lines::new(1000, LONG);
        for _ in 0..17 {
            lines.add(&[b'a'; 99], false);
        }
        // there is room left for what matters
        lines.add(&[b'w'; 99], true);
        let taken = lines.next();
        assert_eq!((taken.text.len(), taken.dropped), (1089, 7));
        assert_eq!(lines.lock().dropped, 0);
    }
}
