//! What the clients asked and were told, with monotonic times, as JSON lines in a file.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Instant,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use uuid::Uuid;

use crate::lock::lock;

/// A line of the file. Times are microseconds since the start of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    pub at: u64,
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// Before the request goes out.
    Asked { key: String, attempt: u32, door: String, what: What },
    /// `attempt` is that of the question.
    Told { key: String, attempt: u32, answer: Answer },
    /// A wire delivers a request of this key once more.
    Doubled { key: String },
}

/// What is asked for. Quantities are thousandths, prices minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    Sale {
        items: Vec<Item>,
    },
    /// Another sale under the key of one that was asked for before.
    Reuse {
        items: Vec<Item>,
    },
    Cancel {
        sale: String,
    },
    Read {
        sale: String,
        order: Option<Uuid>,
    },
    Create {
        sku: String,
        price: i64,
        stock: i64,
        policy: Policy,
    },
    Reprice {
        product: Uuid,
        sku: String,
        price: i64,
    },
    Archive {
        product: Uuid,
    },
    Adjust {
        product: Uuid,
        quantity: i64,
        reason: String,
    },
    Deduct {
        product: Uuid,
        quantity: i64,
    },
    Count {
        product: Uuid,
        quantity: i64,
        as_of: Option<i64>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub product: Uuid,
    pub quantity: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Policy {
    Deny,
    Allow,
    Flag,
    Untracked,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// 0: none came, or not a whole one.
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Of a 503: `none` or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// Of a 2xx, without what nobody checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
    /// Why none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<String>,
}

impl Answer {
    /// Whether the till knows now; else it repeats. 408 is what a process that was frozen says to a head that it never read.
    pub fn settles(&self) -> bool {
        matches!(self.status, 200..=499) && !matches!(self.status, 408 | 429)
    }

    pub fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// It says that this request changed nothing.
    pub fn changed_nothing(&self) -> bool {
        matches!(self.status, 408 | 429) || self.outcome.as_deref() == Some("none")
    }
}

/// Where it is written to.
#[derive(Clone)]
pub struct History(Arc<Written>);

struct Written {
    begun: Instant,
    path: PathBuf,
    file: Mutex<BufWriter<File>>,
    /// The first failure to write.
    failure: watch::Sender<Option<String>>,
}

impl History {
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        let file = Mutex::new(BufWriter::with_capacity(1 << 20, file));
        let failure = watch::channel(None).0;
        Ok(Self(Arc::new(Written { begun: Instant::now(), path: path.to_owned(), file, failure })))
    }

    /// Waits until it cannot be written: such a run cannot be checked.
    pub async fn failed(&self) -> anyhow::Error {
        let mut failure = self.0.failure.subscribe();
        let error = match failure.wait_for(Option::is_some).await {
            Ok(error) => error.clone().unwrap_or_default(),
            Err(_) => "nobody writes it".to_owned(),
        };
        unwritten(&error)
    }

    pub fn asked(&self, key: &str, attempt: u32, door: &str, what: &What) {
        let (key, door) = (key.to_owned(), door.to_owned());
        self.write(Event::Asked { key, attempt, door, what: what.clone() });
    }

    pub fn told(&self, key: &str, attempt: u32, answer: &Answer) {
        self.write(Event::Told { key: key.to_owned(), attempt, answer: answer.clone() });
    }

    pub fn doubled(&self, key: &str) {
        self.write(Event::Doubled { key: key.to_owned() });
    }

    fn write(&self, event: Event) {
        let mut file = lock(&self.0.file);
        // taken under the lock: lines stand in the order of their times
        let at = u64::try_from(self.0.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let written = serde_json::to_writer(&mut *file, &Line { at, event }).map_err(anyhow::Error::from);
        if let Err(error) = written.and_then(|()| Ok(file.write_all(b"\n")?)) {
            self.0.failure.send_modify(|failure| {
                failure.get_or_insert_with(|| error.to_string());
            });
        }
    }

    /// Line by line, from the beginning.
    pub fn read(&self) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Line>> + use<>> {
        lock(&self.0.file).flush().map_err(|error| unwritten(&error.to_string()))?;
        if let Some(error) = self.0.failure.borrow().as_ref() {
            return Err(unwritten(error));
        }
        let file = BufReader::new(File::open(&self.0.path)?);
        Ok(file.lines().map(|line| Ok(serde_json::from_str(&line?)?)))
    }
}

fn unwritten(error: &str) -> anyhow::Error {
    anyhow::anyhow!("the history cannot be written ({error}): without it nothing can be checked")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_history_that_cannot_be_written_is_told_and_not_read() {
        let history = History::create(Path::new("/dev/full")).unwrap();
        let mut written = 0;
        while written < 100_000 && history.0.failure.borrow().is_none() {
            history.doubled("a-key");
            written += 1;
        }
        assert!(history.failed().await.to_string().contains("cannot be written"));
        assert!(history.read().is_err_and(|error| error.to_string().contains("cannot be written")));
    }

    #[test]
    fn the_last_line_fails_too() {
        let history = History::create(Path::new("/dev/full")).unwrap();
        history.doubled("a-key");
        assert!(history.read().is_err_and(|error| error.to_string().contains("cannot be written")));
    }
}
