//! Connects without delay of small writes, and wraps what it connected.

use actix_rt::net::TcpStream;
use actix_service::Service;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection, Connector, ConnectorService};
use awc::http::Uri;
use futures_util::future::{FutureExt, LocalBoxFuture};
use std::task::{Context, Poll};

use super::stream::WatchedStream;

/// actix's TCP connector, with [`WatchedStream`]s.
#[derive(Clone)]
pub struct WatchedConnector(ConnectorService);

impl Default for WatchedConnector {
    fn default() -> Self {
        Self(Connector::default().service())
    }
}

impl Service<ConnectInfo<Uri>> for WatchedConnector {
    type Response = Connection<Uri, WatchedStream>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, ConnectError>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Service::<ConnectInfo<Uri>>::poll_ready(&self.0, context)
    }

    fn call(&self, request: ConnectInfo<Uri>) -> Self::Future {
        let connecting = self.0.call(request);
        async move {
            let connection: Connection<Uri, TcpStream> = connecting.await?;
            let (stream, uri) = connection.into_parts();
            stream.set_nodelay(true).map_err(ConnectError::Io)?;
            Ok(Connection::new(uri, WatchedStream(stream)))
        }
        .boxed_local()
    }
}
