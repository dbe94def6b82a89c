//! One try at one replica.

use std::{io, net::SocketAddr};

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    body::{BoxBody, SizedStream},
    http::{
        Method, StatusCode, Uri,
        header::{self, HeaderMap},
    },
    web::Bytes,
};
use awc::{
    Client,
    error::{ConnectError, SendRequestError},
};
use futures_util::{Stream, stream};
use platform::{deadline::Deadline, request_id};

use crate::{
    body::{self, Cut, RequestBody},
    endpoint::Signal,
    headers::end_to_end,
    settings::GatewaySettings,
};

/// Answers up to this length are read whole before the caller gets their first byte, so that one that breaks off can be
/// asked for again.
const WHOLE_ANSWER_BYTES: u64 = 64 << 10;

/// A request as it goes to every replica that is tried.
pub struct Outgoing<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: HeaderMap,
}

/// Why a try gave no answer.
#[derive(Debug)]
pub struct Failure {
    /// Nothing of the request reached the replica.
    pub never_sent: bool,
    /// It did not answer in time.
    pub timed_out: bool,
    /// What it says about the replica; nothing where the fault is the caller's.
    pub signal: Option<Signal>,
    pub reason: String,
}

impl Failure {
    fn new(signal: Signal, reason: &impl ToString) -> Self {
        Self {
            never_sent: false,
            timed_out: false,
            signal: Some(signal),
            reason: reason.to_string(),
        }
    }
}

/// Sends the request, and answers what the replica said.
pub async fn exchange(
    client: &Client,
    address: SocketAddr,
    outgoing: &Outgoing<'_>,
    body: RequestBody,
    deadline: Deadline,
    (settings, body_limit_bytes): (&GatewaySettings, usize),
) -> Result<HttpResponse, Failure> {
    let path = outgoing
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let mut request = client
        .request(outgoing.method.clone(), format!("http://{address}{path}"))
        .no_decompress();
    *request.headers_mut() = outgoing.headers.clone();
    let sending = match body {
        RequestBody::Whole(bytes) if bytes.is_empty() => request.send(),
        RequestBody::Whole(bytes) => request.send_body(bytes),
        RequestBody::Stream { length, read, rest } => {
            let parts = body::upload(read, rest, body_limit_bytes, settings.silent_body_timeout());
            match length {
                Some(length) => request.send_body(SizedStream::new(length, Box::pin(parts))),
                None => request.send_stream(Box::pin(parts)),
            }
        }
    };
    let answer = deadline
        .bound(sending)
        .await
        .map_err(|_| timed_out())?
        .map_err(|error| failure(&error))?;
    let length = content_length(answer.headers());
    let mut response = head(answer.status(), answer.headers());
    let bodiless = outgoing.method == Method::HEAD
        || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&answer.status());
    match length {
        _ if bodiless => Ok(without_body(response, outgoing.method, length)),
        Some(length) if length <= WHOLE_ANSWER_BYTES => {
            let whole = deadline
                .bound(read_whole(answer, length))
                .await
                .map_err(|_| timed_out())??;
            Ok(response.body(whole))
        }
        length => Ok(response.body(body::download(
            answer,
            length,
            settings.silent_body_timeout(),
        ))),
    }
}

async fn read_whole<S>(mut answer: awc::ClientResponse<S>, length: u64) -> Result<Bytes, Failure>
where
    S: Stream<Item = Result<Bytes, awc::error::PayloadError>> + Unpin,
{
    let bytes = answer.body().limit(length as usize).await;
    let bytes = bytes.map_err(|error| Failure::new(Signal::TransportError, &error))?;
    match bytes.len() as u64 == length {
        true => Ok(bytes),
        false => Err(Failure::new(
            Signal::TransportError,
            &"the answer is shorter than it said",
        )),
    }
}

fn head(status: StatusCode, headers: &HeaderMap) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    for (name, value) in end_to_end(headers) {
        if name != header::CONTENT_LENGTH && name.as_str() != request_id::HEADER {
            response.append_header((name.clone(), value.clone()));
        }
    }
    response
}

fn without_body(
    mut response: HttpResponseBuilder,
    method: &Method,
    length: Option<u64>,
) -> HttpResponse {
    match length {
        Some(length) if method == Method::HEAD => {
            let nothing = stream::empty::<Result<Bytes, io::Error>>();
            response.body(BoxBody::new(SizedStream::new(length, nothing)))
        }
        _ => response.finish(),
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn timed_out() -> Failure {
    Failure {
        timed_out: true,
        ..Failure::new(Signal::TransportError, &"no answer in time")
    }
}

/// What is known after a failed send. Only a failure to connect proves that nothing was sent; `Disconnected` is none: awc
/// says so also of an end before the answer.
fn failure(error: &SendRequestError) -> Failure {
    match error {
        SendRequestError::Connect(ConnectError::Disconnected) => {
            Failure::new(Signal::TransportError, error)
        }
        SendRequestError::Connect(ConnectError::Io(cause)) => {
            let nobody = [
                io::ErrorKind::ConnectionRefused,
                io::ErrorKind::HostUnreachable,
                io::ErrorKind::NetworkUnreachable,
            ];
            let signal = if nobody.contains(&cause.kind()) {
                Signal::Refused
            } else {
                Signal::TransportError
            };
            Failure {
                never_sent: true,
                ..Failure::new(signal, error)
            }
        }
        SendRequestError::Connect(_) => Failure {
            never_sent: true,
            ..Failure::new(Signal::TransportError, error)
        },
        SendRequestError::Body(cause) if cause.downcast_ref::<Cut>().is_some() => Failure {
            signal: None,
            ..Failure::new(Signal::Answered, error)
        },
        _ => Failure::new(Signal::TransportError, error),
    }
}
