//! A connection that asks one request after the other, with as little work as can be: it shares the processor with what
//! is measured.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::ANSWERED_WITHIN;

const MAX_HEADERS: usize = 48;

pub struct Connection {
    to: SocketAddr,
    stream: TcpStream,
    read: Vec<u8>,
    is_open: bool,
}

pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

struct Head {
    status: u16,
    length: usize,
    body_length: usize,
    closes: bool,
}

impl Connection {
    pub async fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = connect(to).await?;
        Ok(Self { to, stream, read: Vec::with_capacity(4096), is_open: true })
    }

    /// Sends a whole request and reads its answer; opened anew where the last exchange closed it.
    ///
    /// # Errors
    /// When there is no answer in time, or none that says how long it is.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        if !self.is_open {
            self.stream = connect(self.to).await?;
        }
        self.is_open = false;
        let head = timeout(ANSWERED_WITHIN, self.exchange(request)).await??;
        self.is_open = !head.closes;
        let end = head.length + head.body_length;
        Ok(Answer { status: head.status, body: self.read.get(head.length..end).unwrap_or_default() })
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let head = loop {
            self.read_some().await?;
            if let Some(head) = parse(&self.read)? {
                break head;
            }
        };
        while self.read.len() < head.length + head.body_length {
            self.read_some().await?;
        }
        Ok(head)
    }

    async fn read_some(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

async fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = timeout(ANSWERED_WITHIN, TcpStream::connect(to)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// `None` while the head is not whole.
fn parse(read: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let parsed = answer.parse(read).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let value = |name: &str| {
        let header = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let no_length = || io::Error::new(ErrorKind::InvalidData, "an answer does not say how long it is");
    Ok(Some(Head {
        status: answer.code.unwrap_or_default(),
        length,
        body_length: value("content-length").and_then(|length| length.parse().ok()).ok_or_else(no_length)?,
        closes: value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")),
    }))
}
