//! How many connections and files the process may have open.

/// For databases, peers, logs and the like, beside the connections of clients.
const RESERVE: u64 = 512;
/// Of each connection of a client: the one that serves it, and the one by which it is ended when it is quiet.
const HANDLES: u64 = 2;

/// Raises the limit to what so many connections need, as far as the system allows: the usual 1,024 would be reached long
/// before `server.max_connections`, and then nobody new is let in. Says so where it stays below.
pub fn raise_limit(max_connections: usize) {
    let wanted = max_connections as u64 * HANDLES + RESERVE;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) if limit >= wanted => {}
        Ok(limit) => tracing::info!(
            limit,
            wanted,
            "the system limits open files to less than server.max_connections needs; more connections wait"
        ),
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}
