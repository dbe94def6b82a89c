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
    HttpRequest,
    dev::Extensions,
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
    /// When it was opened, or its last request began or was answered.
    asked: Cell<Instant>,
    /// It was told that it is closed.
    is_closing: Cell<bool>,
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
    let connection =
        Rc::new(Connection { socket, asked: Cell::new(Instant::now()), is_closing: Cell::new(false) });
    let is_first = CONNECTIONS.with_borrow_mut(|connections| {
        connections.push(Rc::downgrade(&connection));
        connections.len() == 1
    });
    data.insert(connection);
    if is_first {
        spawn(look_after_all(timeout));
    }
}

/// Something is asked on the request's connection, or answered.
pub(super) fn note_asked(request: &HttpRequest, now: Instant) {
    if let Some(connection) = request.conn_data::<Rc<Connection>>() {
        connection.asked.set(now);
    }
}

/// The request's answer has told that its connection is closed: what follows on it is not asked of us.
pub(super) fn note_closing(request: &HttpRequest) {
    if let Some(connection) = request.conn_data::<Rc<Connection>>() {
        connection.is_closing.set(true);
    }
}

/// Whether an earlier answer on the request's connection has told that it is closed.
pub(super) fn is_closing(request: &HttpRequest) -> bool {
    request.conn_data::<Rc<Connection>>().is_some_and(|connection| connection.is_closing.get())
}

async fn look_after_all(timeout: Duration) {
    loop {
        sleep(LOOK_EVERY).await;
        let none_left = CONNECTIONS.with_borrow_mut(|connections| {
            connections
                .retain(|connection| connection.upgrade().is_some_and(|open| !open.end_if_quiet(timeout)));
            connections.is_empty()
        });
        if none_left {
            return;
        }
    }
}

impl Connection {
    /// Whether it was ended; where that failed it is tried again, until actix has let go of it. actix takes the end of what can
    /// be read for a client that has closed its side: an answer that is still being made goes out before it closes its own.
    fn end_if_quiet(&self, timeout: Duration) -> bool {
        self.asked.get().elapsed() >= timeout && self.socket.shutdown(Shutdown::Read).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use actix_web::{App, HttpServer, dev::ServerHandle, middleware::from_fn, rt::time::timeout, web};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::http::serve_request;

    const QUIET: Duration = Duration::from_secs(3);
    /// Longer than a connection may be quiet, by more than two looks at it.
    const LONG: Duration = Duration::from_secs(7);
    const BETWEEN_REQUESTS: Duration = Duration::from_millis(300);
    /// Longer than all of it on a busy machine, and shorter than the server keeps an idle connection.
    const PATIENCE: Duration = Duration::from_secs(30);

    async fn at_once() -> &'static str {
        "at once"
    }

    async fn late() -> &'static str {
        sleep(LONG).await;
        "late"
    }

    fn serve() -> (ServerHandle, SocketAddr) {
        let app = || {
            App::new()
                .wrap(from_fn(serve_request))
                .route("/at-once", web::get().to(at_once))
                .route("/late", web::get().to(late))
        };
        let server = HttpServer::new(app)
            .workers(1)
            .keep_alive(PATIENCE * 2)
            .h1_allow_half_closed(true)
            .on_connect(|connection, data| end_when_quiet(connection, data, QUIET))
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        spawn(server);
        (handle, address)
    }

    async fn ask(address: SocketAddr, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        send(&mut stream, path).await;
        stream
    }

    async fn send(stream: &mut TcpStream, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: shop\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
    }

    #[actix_web::test]
    async fn an_answer_in_the_making_goes_out_before_the_end() {
        let (server, address) = serve();
        let mut stream = ask(address, "/late").await;
        let mut told = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut told)).await.expect("it is ended").unwrap();
        assert!(told.starts_with("HTTP/1.1 200 OK") && told.ends_with("late"), "{told}");
        server.stop(false).await;
    }

    #[actix_web::test]
    async fn a_connection_that_is_used_stays() {
        let (server, address) = serve();
        let mut stream = ask(address, "/at-once").await;
        let begun = Instant::now();
        while begun.elapsed() < LONG {
            let mut answer = [0; 4096];
            let read = timeout(PATIENCE, stream.read(&mut answer)).await.expect("it answers").unwrap();
            assert!(answer[..read].starts_with(b"HTTP/1.1 200 OK"), "after {:?}", begun.elapsed());
            sleep(BETWEEN_REQUESTS).await;
            send(&mut stream, "/at-once").await;
        }
        server.stop(false).await;
    }
}
