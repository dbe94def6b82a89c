//! The rule: when an answer goes out, the transactions that it tells of are in SQLite's logs, and these on the disk.

use uuid::Uuid;

use super::trace::Call;

/// A frame of SQLite's log is this, and then a page. Bytes 4 to 7 are 0 but in the last frame of a transaction.
const FRAME_HEADER: usize = 24;
const STATUSES: [&str; 4] = ["pending", "confirmed", "rejected", "cancelled"];

/// What a client was told, under its key.
#[derive(Clone, Debug)]
pub struct Told {
    pub key: String,
    pub status: u16,
    /// Of a sale, with what became of it.
    pub order: Option<(Uuid, &'static str)>,
}

/// A transaction, known by what it alone wrote first.
enum Commit<'a> {
    /// The decision: the first row of the product database with the order's id.
    Decision(Uuid),
    /// The order's row says what became of it.
    Projection(Uuid, &'a str, &'static str),
    /// A change of products or stock: its key, remembered with its answer.
    Remembered(&'a str),
}

impl Commit<'_> {
    fn log(&self) -> &'static str {
        match self {
            Self::Decision(_) | Self::Remembered(_) => "/product.db-wal",
            Self::Projection(..) => "/order.db-wal",
        }
    }

    fn says(&self) -> String {
        match self {
            Self::Decision(order) => format!("the decision of {order}"),
            Self::Projection(order, _, status) => format!("that {order} is {status}"),
            Self::Remembered(key) => format!("the change of {key}"),
        }
    }

    /// Whether a page has what this transaction wrote.
    fn is_in(&self, page: &[u8]) -> bool {
        match self {
            Self::Decision(order) => find(page, order.as_bytes()).is_some(),
            Self::Remembered(key) => find(page, key.as_bytes()).is_some(),
            Self::Projection(order, key, status) => {
                let row = [&order.as_bytes()[..], key.as_bytes()].concat();
                let mut rest = page;
                while let Some(at) = find(rest, &row) {
                    rest = &rest[at + row.len()..];
                    // id, key, hash and request are followed by the status
                    let status_at = |status: &str| find(rest, status.as_bytes()).unwrap_or(usize::MAX);
                    if status_at(status) < usize::MAX
                        && STATUSES.iter().all(|other| status_at(status) <= status_at(other))
                    {
                        return true;
                    }
                }
                false
            }
        }
    }
}

/// Every answer that went out too early, or cannot be found, in words. A key was asked for as
/// often as it is listed, and told the same each time.
pub fn violations(calls: &[Call], told: &[Told]) -> Vec<String> {
    let mut violations = Vec::new();
    for (index, one) in told.iter().enumerate() {
        if told[..index].iter().any(|earlier| earlier.key == one.key) {
            continue;
        }
        let requests = requests(calls, &one.key);
        let listed = told.iter().filter(|other| other.key == one.key).count();
        if requests.len() != listed {
            violations.push(format!("{} was asked {listed} times, and read {}", one.key, requests.len()));
            continue;
        }
        let commits = match one.order {
            Some((order, status)) => {
                vec![Commit::Decision(order), Commit::Projection(order, &one.key, status)]
            }
            None => vec![Commit::Remembered(&one.key)],
        };
        for request in &requests {
            let Some(answer) = answer(calls, *request, one.status) else {
                violations.push(format!("{} was answered {}, and that was never sent", one.key, one.status));
                continue;
            };
            let before = &calls[requests[0]..answer];
            let sent = calls[answer].begun;
            let fault = |commit| on_disk(before, commit, sent).err();
            violations.extend(commits.iter().filter_map(fault).map(|fault| {
                format!("the answer {} to {} goes out in line {}: {fault}", one.status, one.key, sent + 1)
            }));
        }
    }
    violations
}

/// Where a request with this key arrived.
fn requests(calls: &[Call], key: &str) -> Vec<usize> {
    let is_request = |call: &Call| {
        call.reads() && call.on.starts_with("socket:") && find(&call.bytes, key.as_bytes()).is_some()
    };
    (0..calls.len()).filter(|index| is_request(&calls[*index])).collect()
}

/// Where the answer to a request begins to go out: the next one on its connection.
fn answer(calls: &[Call], request: usize, status: u16) -> Option<usize> {
    let socket = &calls[request].on;
    let is_answer = |call: &Call| call.writes() && call.on == *socket && call.bytes.starts_with(b"HTTP/1.1 ");
    let index = (request..calls.len()).find(|index| is_answer(&calls[*index]))?;
    calls[index].bytes[9..].starts_with(status.to_string().as_bytes()).then_some(index)
}

/// Whether a transaction was written whole, then synced, and all of that was done before this line.
fn on_disk(before: &[Call], commit: &Commit, sent: usize) -> Result<(), String> {
    let (log, what) = (commit.log(), commit.says());
    let before: Vec<&Call> =
        before.iter().filter(|call| call.on.ends_with(log) && call.done < sent).collect();
    let writes: Vec<&Call> = before.iter().copied().filter(|call| call.writes()).collect();
    let first = writes.iter().position(|write| commit.is_in(&write.bytes));
    let first = first.ok_or_else(|| format!("{what} is not written to {log}"))?;
    let ends = |index: &usize| {
        let bytes = &writes[*index].bytes;
        bytes.len() == FRAME_HEADER && bytes[4..8] != [0; 4]
    };
    // the page's own header stands before it
    let last = (first.saturating_sub(1)..writes.len()).find(ends).and_then(|header| writes.get(header + 1));
    let last = last.ok_or_else(|| format!("the transaction with {what} does not end in {log}"))?;
    let synced = before.iter().any(|call| call.syncs() && call.result == 0 && call.begun > last.done);
    synced.then_some(()).ok_or_else(|| format!("{what} is written to {log}, and not synced"))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
