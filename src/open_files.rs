//! How many connections and files the process may have open.

/// For databases, peers, logs and the like, beside the connections of clients.
const RESERVE: u64 = 512;
/// Of each connection of a client: the one that serves it, and the one by which it is ended when it is quiet.
const HANDLES: u64 = 2;

/// Raises the limit to what so many connections need, as far as the system allows: the usual 1,024 would be reached long
/// before `server.max_connections`. Answers how many connections there may be: fewer where it stays below, and says so; more
/// would take the files from databases and peers.
pub fn raise_limit(max_connections: usize) -> usize {
    let wanted = max_connections as u64 * HANDLES + RESERVE;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) if limit >= wanted => max_connections,
        Ok(limit) => {
            let connections = fitting(limit).min(max_connections);
            tracing::info!(
                limit,
                wanted,
                connections,
                "the system limits open files to less than server.max_connections needs; more connections wait"
            );
            connections
        }
        Err(error) => {
            tracing::warn!(%error, "the limit of open files cannot be raised");
            max_connections
        }
    }
}

/// How many connections leave what the rest needs; where there is little, half of it.
fn fitting(limit: u64) -> usize {
    let for_clients = limit.saturating_sub(RESERVE).max(limit / 2);
    usize::try_from(for_clients / HANDLES).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(fitting(20_000), 9744);
        assert_eq!(fitting(600), 150);
        assert_eq!(fitting(1), 1);
    }
}
