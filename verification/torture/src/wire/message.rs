//! One HTTP/1.1 message, read whole.

use std::io::{self, ErrorKind};

use tokio::{io::AsyncReadExt, net::TcpStream};

/// No part of a shop sends longer ones.
const MAX_BYTES: usize = 4 << 20;
const MAX_HEADERS: usize = 64;
const ROOM: usize = 16 << 10;

pub struct Message {
    pub bytes: Vec<u8>,
    /// Of a request.
    pub key: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Request,
    Answer,
}

enum Body {
    Length(usize),
    Chunked,
    ToTheEnd,
}

/// `None` at the end of the connection.
pub async fn read(stream: &mut TcpStream, kind: Kind) -> io::Result<Option<Message>> {
    let mut bytes = Vec::new();
    let (head, body, key) = loop {
        if !more(stream, &mut bytes).await? {
            return if bytes.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
        }
        if let Some(head) = parse(&bytes, kind)? {
            break head;
        }
    };
    while !is_whole(&bytes[head..], &body) {
        if !more(stream, &mut bytes).await? {
            return match body {
                Body::ToTheEnd => Ok(Some(Message { bytes, key })),
                Body::Length(_) | Body::Chunked => Err(ErrorKind::UnexpectedEof.into()),
            };
        }
    }
    Ok(Some(Message { bytes, key }))
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<bool> {
    if bytes.len() > MAX_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    bytes.reserve(ROOM);
    Ok(stream.read_buf(bytes).await? > 0)
}

/// Where the head ends, what follows it, and the key of a request; `None` while the head is not whole.
fn parse(bytes: &[u8], kind: Kind) -> io::Result<Option<(usize, Body, Option<String>)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let bad = |_| io::Error::from(ErrorKind::InvalidData);
    let (status, code, headers) = match kind {
        Kind::Request => {
            let mut request = httparse::Request::new(&mut headers);
            let status = request.parse(bytes).map_err(bad)?;
            (status, None, &*request.headers)
        }
        Kind::Answer => {
            let mut answer = httparse::Response::new(&mut headers);
            let status = answer.parse(bytes).map_err(bad)?;
            (status, answer.code, &*answer.headers)
        }
    };
    let httparse::Status::Complete(head) = status else { return Ok(None) };
    let value = |name: &str| {
        let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| String::from_utf8_lossy(header.value).into_owned())
    };
    let length = value("content-length").and_then(|length| length.trim().parse().ok());
    let body = match (value("transfer-encoding"), length) {
        _ if matches!(code, Some(100..=199 | 204 | 304)) => Body::Length(0),
        (Some(encoding), _) if encoding.eq_ignore_ascii_case("chunked") => Body::Chunked,
        (_, Some(length)) => Body::Length(length),
        (_, None) if kind == Kind::Request => Body::Length(0),
        (_, None) => Body::ToTheEnd,
    };
    Ok(Some((head, body, value("idempotency-key"))))
}

fn is_whole(rest: &[u8], body: &Body) -> bool {
    match body {
        Body::Length(length) => rest.len() >= *length,
        Body::Chunked => has_last_chunk(rest),
        Body::ToTheEnd => false,
    }
}

fn has_last_chunk(mut rest: &[u8]) -> bool {
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(rest) {
        if size == 0 {
            return rest[start..].windows(2).any(|end| end == b"\r\n");
        }
        let next = usize::try_from(size).ok().and_then(|size| start.checked_add(size)?.checked_add(2));
        match next.and_then(|next| rest.get(next..)) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_whole_answer(text: &str) -> bool {
        let (head, body, _) = parse(text.as_bytes(), Kind::Answer).unwrap().unwrap();
        is_whole(&text.as_bytes()[head..], &body)
    }

    #[test]
    fn knows_where_an_answer_ends() {
        assert!(is_whole_answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab"));
        assert!(!is_whole_answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na"));
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert!(is_whole_answer(chunked));
        assert!(!is_whole_answer(&chunked[..chunked.len() - 4]));
        assert!(is_whole_answer("HTTP/1.1 204 No Content\r\n\r\n"));
    }

    #[test]
    fn reads_the_key_of_a_request() {
        let request = b"POST /orders HTTP/1.1\r\nIdempotency-Key: abc\r\n\r\n";
        assert_eq!(parse(request, Kind::Request).unwrap().unwrap().2.as_deref(), Some("abc"));
    }
}
