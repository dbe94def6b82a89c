//! Puts a file of products into the catalogue: first every line is checked, and only if all are sound they are written.

use std::{
    io::{self, Read, Seek, SeekFrom},
    time::{Duration, Instant},
};

use contract::Currency;

use super::{
    BATCH_LINES,
    lines::{Line, Lines},
    seen::{MAX_LINES, Seen},
};
use crate::{
    ProductService,
    model::{ImportLine, LineFault},
    service::{ImportStop, Tally},
};

/// Longest rest between two batches.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// The file is gone through twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    Check,
    Write,
}

/// Who is told how it goes.
pub trait Watch {
    /// So many bytes of the file are done in this pass.
    fn at(&mut self, pass: Pass, bytes: u64);
    fn fault(&mut self, fault: &LineFault);
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Done, or what would be done by the lines that are sound where nothing was written.
    pub tally: Tally,
    /// Lines that cannot be.
    pub faulty: u64,
    /// The second pass was begun.
    pub is_written: bool,
}

/// Why it broke off. What was written until then are whole batches.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file cannot be read")]
    File(#[from] io::Error),
    #[error("the import broke off; run it again, what is there already stays")]
    Stopped(#[source] ImportStop),
}

/// Checks every line of the file, and then, unless it is for show, writes them if none is faulty.
///
/// A kill leaves whole batches behind, and the next run finds these lines done.
///
/// # Errors
/// When the file or the database fails.
pub async fn import(
    service: &ProductService,
    mut file: impl Read + Seek,
    is_for_show: bool,
    watch: &mut dyn Watch,
) -> Result<Summary, ImportError> {
    let mut checked = Report { watch, summary: Summary::default() };
    check(service, &mut file, &mut checked).await?;
    let Report { watch, summary } = checked;
    if is_for_show || summary.faulty > 0 {
        return Ok(summary);
    }
    file.seek(SeekFrom::Start(0))?;
    let mut written = Report { watch, summary: Summary { is_written: true, ..Summary::default() } };
    write(service, &mut file, &mut written).await?;
    Ok(written.summary)
}

/// What is known of a pass so far.
struct Report<'a> {
    watch: &'a mut dyn Watch,
    summary: Summary,
}

impl Report<'_> {
    /// The lines of a file, unless its first line is faulty, which is told.
    fn open<F: Read>(&mut self, file: F, currency: Currency) -> Option<Lines<F>> {
        Lines::open(file, currency).map_err(|faults| self.tell(faults)).ok()
    }

    fn tell(&mut self, mut faults: Vec<LineFault>) {
        faults.sort_by_key(|fault| fault.line);
        for fault in &faults {
            self.watch.fault(fault);
        }
        faults.dedup_by_key(|fault| fault.line);
        self.summary.faulty += faults.len() as u64;
    }
}

async fn check(
    service: &ProductService,
    file: &mut impl Read,
    report: &mut Report<'_>,
) -> Result<(), ImportError> {
    let Some(mut lines) = report.open(file, service.shop().currency) else {
        return Ok(());
    };
    let mut seen = Seen::default();
    let mut left = MAX_LINES;
    while let Some(batch) = next_batch(&mut lines) {
        let (sound, mut faults) = sort(batch, |line| seen.note(line));
        let found = service.try_import(&sound, &|subject| seen.line_of(subject)).await;
        let (tally, refused) = found.map_err(|error| ImportError::Stopped(error.into()))?;
        report.summary.tally.add(tally);
        faults.extend(refused);
        report.tell(faults);
        report.watch.at(Pass::Check, lines.bytes());
        left = left.saturating_sub(BATCH_LINES);
        if left == 0
            && let Some(line) = lines.next()
        {
            let detail = format!("there are more than {MAX_LINES} lines; cut the file into several");
            report.tell(line.map_or_else(|faults| faults, |line| vec![line.fault(None, detail)]));
            return Ok(());
        }
    }
    Ok(())
}

/// What is faulty now was not when it was checked: the catalogue, or the file, has changed since. It ends there.
async fn write(
    service: &ProductService,
    file: &mut impl Read,
    report: &mut Report<'_>,
) -> Result<(), ImportError> {
    let Some(mut lines) = report.open(file, service.shop().currency) else {
        return Ok(());
    };
    while let Some(batch) = next_batch(&mut lines) {
        let started = Instant::now();
        let (sound, faults) = sort(batch, |_| Vec::new());
        if !faults.is_empty() {
            report.tell(faults);
            return Ok(());
        }
        let tally = match service.import(&sound).await {
            Ok(tally) => tally,
            Err(ImportStop::Faulty(faults)) => {
                report.tell(faults);
                return Ok(());
            }
            Err(error @ ImportStop::Store(_)) => return Err(ImportError::Stopped(error)),
        };
        report.summary.tally.add(tally);
        report.watch.at(Pass::Write, lines.bytes());
        if tally.made + tally.changed > 0 {
            // a till that waits for the database asks again within this time, and is served
            tokio::time::sleep((started.elapsed() / 4).min(LONGEST_REST)).await;
        }
    }
    Ok(())
}

fn next_batch<R: Read>(lines: &mut Lines<R>) -> Option<Vec<Line>> {
    let batch: Vec<Line> = lines.take(BATCH_LINES).collect();
    (!batch.is_empty()).then_some(batch)
}

/// The sound lines, and the faults of the others; `note` may know further ones.
fn sort(
    batch: Vec<Line>,
    mut note: impl FnMut(&ImportLine) -> Vec<LineFault>,
) -> (Vec<ImportLine>, Vec<LineFault>) {
    let (mut sound, mut faults) = (Vec::with_capacity(batch.len()), Vec::new());
    for line in batch {
        let checked = line.and_then(|line| match note(&line) {
            faults if faults.is_empty() => Ok(line),
            faults => Err(faults),
        });
        match checked {
            Ok(line) => sound.push(line),
            Err(found) => faults.extend(found),
        }
    }
    (sound, faults)
}
