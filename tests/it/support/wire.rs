//! HTTP as bytes: what goes in and out is not tidied by any library.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than any bound of the gateway in these tests.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A request or an answer, as it stood on the wire.
#[derive(Clone, Debug)]
pub struct Message {
    /// Such as `GET /orders HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub start: String,
    /// Names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body came to its end.
    pub whole: bool,
}

/// A connection with what was read of it and not yet used.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Message {
    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let of_name = self.headers.iter().filter(|(given, _)| given == name);
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// The only value of a header.
    #[track_caller]
    pub fn one(&self, name: &str) -> &str {
        let values = self.all(name);
        assert_eq!(values.len(), 1, "{name} in {self:?}");
        values[0]
    }

    pub fn status(&self) -> u16 {
        let status = self.start.split(' ').nth(1);
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// The second word of a request.
    pub fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).iter().any(|given| given.eq_ignore_ascii_case(value))
    }
}

impl Wire {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub async fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).await.unwrap())
    }

    /// `false` when the other side is gone.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends no more, and still reads.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Sends and reads the answer; `None` when the other side closed without any.
    pub async fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Option<Message> {
        self.send(bytes).await;
        self.answer().await
    }

    /// The next answer to a request that is not HEAD.
    pub async fn answer(&mut self) -> Option<Message> {
        tokio::time::timeout(PATIENCE, self.read(true)).await.expect("an answer comes in time")
    }

    /// The next message; `None` when the other side closed before its head was whole.
    pub async fn read(&mut self, answers: bool) -> Option<Message> {
        let mut message = self.read_head().await?;
        let bodiless = answers && [204, 304].contains(&message.status());
        message.whole = match message.all("content-length").first() {
            _ if bodiless => true,
            _ if message.has("transfer-encoding", "chunked") => {
                self.read_chunks(&mut message.body).await.is_some()
            }
            Some(length) => {
                let length = length.parse().unwrap();
                self.take(length, &mut message.body).await.is_some()
            }
            None => true,
        };
        Some(message)
    }

    /// Head alone: what an answer to HEAD has.
    pub async fn read_head(&mut self) -> Option<Message> {
        let end = loop {
            let found = self.buffer.windows(4).position(|window| window == b"\r\n\r\n");
            match found {
                Some(end) => break end,
                None => self.more().await?,
            }
        };
        let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.trim_end().split("\r\n");
        let start = lines.next()?.to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Some(Message { start, headers: headers.collect(), body: Vec::new(), whole: false })
    }

    /// Whether the other side has closed, or does so now.
    pub async fn is_closed(&mut self) -> bool {
        tokio::time::timeout(PATIENCE, self.until_closed()).await.is_ok()
    }

    /// Waits until the other side closes.
    pub async fn until_closed(&mut self) {
        while self.more().await.is_some() {}
    }

    async fn read_chunks(&mut self, body: &mut Vec<u8>) -> Option<()> {
        loop {
            let end = loop {
                match self.buffer.windows(2).position(|window| window == b"\r\n") {
                    Some(end) => break end,
                    None => self.more().await?,
                }
            };
            let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let size = String::from_utf8_lossy(&line);
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            self.take(size, body).await?;
            self.take(2, &mut Vec::new()).await?;
            if size == 0 {
                return Some(());
            }
        }
    }

    /// Moves so many bytes; what there was, when the other side closes before.
    async fn take(&mut self, count: usize, into: &mut Vec<u8>) -> Option<()> {
        let goal = into.len() + count;
        loop {
            let missing = goal - into.len();
            let there = missing.min(self.buffer.len());
            into.extend(self.buffer.drain(..there));
            if into.len() == goal {
                return Some(());
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Option<()> {
        self.buffer.reserve(64 << 10);
        let read = self.stream.read_buf(&mut self.buffer).await;
        read.ok().filter(|count| *count > 0).map(|_| ())
    }
}
