//! The HTTP client for calls to other roles, tuned for many short requests to few peers.

mod connector;
mod stream;
#[cfg(test)]
mod tests;

use std::{rc::Rc, time::Duration};

use awc::{Client, Connector};

use connector::WatchedConnector;

/// Longest answer that is read from a peer.
pub const ANSWER_LIMIT_BYTES: usize = 4 << 20;

/// `[…client]`: bounds of the calls to another role.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSettings {
    pub connect_timeout_ms: u64,
    pub keep_alive_ms: u64,
}

/// Makes a worker's client. It is `!Send`: each worker makes its own.
///
/// No limit of connections (awc's is one for all hosts together, so that one hung peer starves the others; admission
/// bounds them), no redirects, no time-out of its own: every call brings its deadline.
pub fn build(settings: &ClientSettings) -> Rc<Client> {
    let connector = Connector::new()
        .connector(WatchedConnector::default())
        .limit(0)
        .timeout(Duration::from_millis(settings.connect_timeout_ms))
        .conn_keep_alive(Duration::from_millis(settings.keep_alive_ms));
    let client = Client::builder()
        .connector(connector)
        .no_default_headers()
        .disable_redirects()
        .disable_timeout()
        .finish();
    Rc::new(client)
}
