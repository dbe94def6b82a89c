//! A wire to a database that can be cut: its server is away for those behind it, and stays for everybody else.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

use super::{port::Port, shop::address};

/// Connections to its port reach the server, while it is whole.
pub struct Link {
    server: SocketAddr,
    port: Port,
    forwarding: Option<AbortHandle>,
}

impl Link {
    /// To the server that this URL names, cut for now.
    pub fn to(url: &str) -> Self {
        let (_, place) = url.split_once('@').unwrap();
        let server = place.split('/').next().unwrap().parse().unwrap();
        Self { server, port: Port::reserve(), forwarding: None }
    }

    /// The same database by way of this link.
    pub fn url(&self, url: &str) -> String {
        url.replace(&self.server.to_string(), &address(1, &self.port).to_string())
    }

    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(address(1, &self.port)).await.unwrap();
        self.forwarding = Some(tokio::spawn(forward(listener, self.server)).abort_handle());
    }

    /// Every connection breaks, and new ones are refused.
    pub async fn cut(&mut self) {
        if let Some(forwarding) = self.forwarding.take() {
            forwarding.abort();
        }
        let refused = async || TcpStream::connect(address(1, &self.port)).await.err();
        super::wait::until("the link is cut", Duration::from_secs(5), refused).await;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(forwarding) = self.forwarding.take() {
            forwarding.abort();
        }
    }
}

/// Dropped, it drops the listener and both ends of every connection.
async fn forward(listener: TcpListener, server: SocketAddr) {
    let mut connections = JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        connections.spawn(async move {
            let Ok(mut far) = TcpStream::connect(server).await else { return };
            // an end that breaks off is what this is for
            drop(copy_bidirectional(&mut near, &mut far).await);
        });
        while connections.try_join_next().is_some() {}
    }
}
