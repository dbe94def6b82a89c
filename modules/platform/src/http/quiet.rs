//! Ends connections on which nothing was asked for too long.
//!
//! actix has a time-out for the first head of a connection and one for an idle connection. Once a request was answered, a
//! single byte of the next head ends the second and does not begin the first: with it, a client would keep a place among
//! `server.max_connections` for ever.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    net::Shutdown,
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

use actix_web::{
    dev::{Extensions, ServiceRequest},
    rt::{net::TcpStream, spawn, time::sleep},
};
use socket2::{SockRef, Socket};

/// Between two looks at the connections of a worker.
const LOOK_EVERY: Duration = Duration::from_secs(1);

thread_local! {
    /// Those of this worker; while there are any, a task looks at them.
    static CONNECTIONS: RefCell<Vec<Weak<Connection>>> = const { RefCell::new(Vec::new()) };
}

/// Kept with the connection, and dropped with it.
struct Connection {
    /// A second handle: the first is actix's.
    socket: Socket,
    /// When it was opened, or the head of its last request had arrived.
    asked: Cell<Instant>,
}

/// From now on the connection is ended once nothing was asked on it for that long. Told when it is opened, in its worker.
pub fn end_when_quiet(connection: &dyn Any, data: &mut Extensions, timeout: Duration) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    let socket = match SockRef::from(stream).try_clone() {
        Ok(socket) => socket,
        Err(error) => {
            tracing::debug!(%error, "a connection stays, however quiet it is");
            return;
        }
    };
    let connection = Rc::new(Connection { socket, asked: Cell::new(Instant::now()) });
    let is_first = CONNECTIONS.with_borrow_mut(|connections| {
        connections.push(Rc::downgrade(&connection));
        connections.len() == 1
    });
    data.insert(connection);
    if is_first {
        spawn(look_after_all(timeout));
    }
}

/// Something is asked on its connection.
pub(super) fn note_asked(request: &ServiceRequest, now: Instant) {
    if let Some(connection) = request.conn_data::<Rc<Connection>>() {
        connection.asked.set(now);
    }
}

async fn look_after_all(timeout: Duration) {
    loop {
        sleep(LOOK_EVERY).await;
        let none_left = CONNECTIONS.with_borrow_mut(|connections| {
            connections.retain(|connection| connection.upgrade().is_some_and(|open| !open.is_ended(timeout)));
            connections.is_empty()
        });
        if none_left {
            return;
        }
    }
}

impl Connection {
    /// actix takes the end of what can be read for a client that has closed its side: an answer that is still being made
    /// goes out before it closes the connection.
    fn is_ended(&self, timeout: Duration) -> bool {
        // one that is closed already needs no end
        self.asked.get().elapsed() >= timeout && self.socket.shutdown(Shutdown::Read).is_ok()
    }
}
