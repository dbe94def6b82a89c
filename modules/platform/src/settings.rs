//! The parts of the configuration that every role has. Each key is documented in `config/default.toml`.

use std::time::Duration;

use serde::Deserialize;

/// `[server]`: how requests come in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    pub listen: String,
    pub workers: usize,
    pub max_connections: usize,
    pub body_limit_bytes: usize,
    pub head_limit_bytes: usize,
    pub max_headers: usize,
    pub keep_alive_ms: u64,
    pub head_timeout_ms: u64,
    pub drain_ms: u64,
    pub shutdown_timeout_ms: u64,
    pub ready_timeout_ms: u64,
    pub silent_body_timeout_ms: u64,
    pub body_timeout_ms: u64,
    pub unread_timeout_ms: u64,
    /// 0: as many as a caller likes.
    pub rate_limit_per_second: u32,
    pub rate_burst: u32,
    /// Separated by commas; none: no page of another origin may ask.
    pub cors_origins: String,
}

/// `[log]`: what is written to standard error, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    pub level: String,
    pub format: LogFormat,
    /// Bytes that may wait to be written; lines beyond them are dropped.
    pub buffer_bytes: usize,
    /// What is no warning waits so long for more to be written with it.
    pub delay_ms: u64,
}

/// How an event is written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Readable lines.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[database]`: bounds that hold for every database of the process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    pub migrate_on_start: bool,
    pub max_connections: u32,
    pub acquire_timeout_ms: u64,
    pub connect_timeout_ms: u64,
    pub statement_timeout_ms: u64,
    pub lock_timeout_ms: u64,
    pub idle_transaction_timeout_ms: u64,
    pub busy_timeout_ms: u64,
    pub ping_after_idle_ms: u64,
    pub transaction_tries: u32,
    pub slow_statement_ms: u64,
    pub groups: GroupSettings,
}

/// `[database.groups]`: writes that are asked for at the same time share a transaction.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSettings {
    /// The most that one transaction writes.
    pub size: usize,
    /// How many may wait; more wait to be let into the queue.
    pub queue: usize,
    /// Groups that may be under way at once.
    pub at_once: usize,
    /// Milliseconds after which the next group begins beside one that is not written yet.
    pub patience_ms: u64,
    /// Milliseconds after which a group is given up.
    pub timeout_ms: u64,
}

/// `[idempotency]`: how long answers are remembered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdempotencySettings {
    pub keep_days: u32,
    pub purge_every_ms: u64,
    pub purge_batch: u64,
}

impl ServerSettings {
    pub fn ready_timeout(&self) -> Duration {
        Duration::from_millis(self.ready_timeout_ms)
    }

    pub fn silent_body_timeout(&self) -> Duration {
        Duration::from_millis(self.silent_body_timeout_ms)
    }

    pub fn unread_timeout(&self) -> Duration {
        Duration::from_millis(self.unread_timeout_ms)
    }

    pub fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    /// After the head of a request, or its answer: a body, an idle time and the next head have had theirs by then.
    pub fn quiet_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms + self.keep_alive_ms + self.head_timeout_ms)
    }

    /// The origins whose pages may ask.
    pub fn cors_origins(&self) -> Vec<&str> {
        let origins = self.cors_origins.split(',').map(str::trim);
        origins.filter(|origin| !origin.is_empty()).collect()
    }
}
