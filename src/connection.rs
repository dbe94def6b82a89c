//! What is asked of the system for each connection.

use std::{any::Any, time::Duration};

use actix_web::rt::net::TcpStream;

/// Ends a connection whose client has not taken what was sent to it for so long. actix waits for it as long as the
/// connection lasts.
#[cfg(target_os = "linux")]
pub fn cut_off_unread(connection: &dyn Any, timeout: Duration) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(timeout)) {
        tracing::debug!(%error, "no time-out for what is not read");
    }
}

/// Other systems have no such time-out for each connection.
#[cfg(not(target_os = "linux"))]
pub fn cut_off_unread(_: &dyn Any, _: Duration) {}
