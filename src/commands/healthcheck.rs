//! `pos healthcheck`: for containers, which have no curl.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use platform::{
    client::{self, ClientSettings},
    deadline::Deadline,
    settings::ServerSettings,
};

use crate::server::reachable;

/// Longest answer that is read.
const ANSWER_LIMIT_BYTES: usize = 64 << 10;

/// Asks the process that serves with these settings, and says in one line what it found.
pub async fn ask(settings: &ServerSettings, ready: bool) -> ExitCode {
    let path = if ready { "/readyz" } else { "/livez" };
    let patience = settings.ready_timeout() + Duration::from_secs(1);
    let found = match address(&settings.listen) {
        Some(address) => get(&format!("http://{address}{path}"), patience).await,
        None => Err("server.listen takes any free port; set one to ask for".to_owned()),
    };
    match found {
        Ok(answer) => {
            println!("{path}: {answer}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("pos: {path}: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Where to ask; `None` when the port is not known.
fn address(listen: &str) -> Option<SocketAddr> {
    let address = listen.parse().map(reachable).ok()?;
    (address.port() != 0).then_some(address)
}

async fn get(url: &str, patience: Duration) -> Result<String, String> {
    let patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
    let client = client::build(&ClientSettings { connect_timeout_ms: patience_ms, keep_alive_ms: 1000 });
    let exchange = async {
        let mut response =
            client.get(url).send().await.map_err(|error| format!("no answer from {url}: {error}"))?;
        let body = response.body().limit(ANSWER_LIMIT_BYTES).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&body).split_whitespace().collect::<Vec<_>>().join(" ");
        match response.status().is_success() {
            true => Ok(text),
            false => Err(format!("{} {text}", response.status())),
        }
    };
    let answer = Deadline::after(patience).bound(exchange).await;
    answer.unwrap_or_else(|_| Err(format!("no answer from {url} within {patience_ms} ms")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_loopback_where_every_address_is_served() {
        for (listen, asked) in [
            ("0.0.0.0:8080", Some("127.0.0.1:8080")),
            ("[::]:8080", Some("[::1]:8080")),
            ("10.0.0.7:81", Some("10.0.0.7:81")),
            ("127.0.0.1:0", None),
        ] {
            assert_eq!(address(listen).map(|address| address.to_string()).as_deref(), asked);
        }
    }
}
