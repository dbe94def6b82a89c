//! One try at one replica.

use std::{
    future::Future,
    io,
    pin::pin,
    time::{Duration, Instant},
};

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    body::{BodyStream, SizedStream},
    http::{
        Method, StatusCode, Uri,
        header::{self, HeaderMap},
    },
    web::Bytes,
};
use awc::{
    Client, ClientResponse,
    error::{ConnectError, PayloadError, SendRequestError},
};
use futures_util::{Stream, stream};
use platform::{
    deadline::Deadline,
    http::{PROBLEM_JSON, TurnedAway},
    problem::{OVERLOADED, Problem},
    request_id,
};

use crate::{
    body::{self, Cut, RequestBody, Turn, content_length},
    endpoint::Signal,
    headers::{Peer, end_to_end, to_replica},
    held::Held,
};

/// A request as it came in, of which each try makes its own.
pub struct Outgoing<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub peer: Option<Peer>,
}

/// Why a try gave no answer.
#[derive(Debug)]
pub struct Failure {
    /// The replica did nothing: the request did not reach it, or it turned it away unread.
    pub nothing_happened: bool,
    /// It did not answer in time.
    pub timed_out: bool,
    /// What it says about the replica; nothing where the fault is the caller's.
    pub signal: Option<Signal>,
    /// What the caller did wrong.
    pub callers: Option<Problem>,
    pub reason: String,
}

impl Failure {
    fn new(signal: Signal, reason: &impl ToString) -> Self {
        Self {
            nothing_happened: false,
            timed_out: false,
            signal: Some(signal),
            callers: None,
            reason: reason.to_string(),
        }
    }

    fn callers(problem: Problem) -> Self {
        Self {
            signal: None,
            reason: problem.to_string(),
            callers: Some(problem),
            ..Self::new(Signal::Answered, &"")
        }
    }

    /// For the figures.
    pub fn label(&self) -> &'static str {
        match self.signal {
            _ if self.timed_out => "timed_out",
            None => "callers_fault",
            Some(Signal::Refused) => "refused",
            Some(Signal::ServerError) => "server_error",
            Some(Signal::Stopping) => "stopping",
            Some(Signal::TransportError | Signal::Answered) => "broken",
        }
    }
}

/// What the replica said.
pub struct Answer {
    pub response: HttpResponse,
    /// Its body is on its way, and may still break off.
    pub has_begun: bool,
    /// It is a failure that says so.
    pub nothing_happened: bool,
}

impl Answer {
    fn whole(response: HttpResponse) -> Self {
        Self { response, has_begun: false, nothing_happened: false }
    }
}

/// awc does not name the type of its answers' bodies.
trait AnswerBody: Stream<Item = Result<Bytes, PayloadError>> + Unpin + 'static {}
impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin + 'static> AnswerBody for S {}

/// One try.
pub struct Exchange<'a> {
    pub client: &'a Client,
    /// Of the replica: IP and port.
    pub address: &'a str,
    pub outgoing: &'a Outgoing<'a>,
    /// Of a request that is sent whole.
    pub deadline: Deadline,
    /// How long the replica may take with a long one while it is its turn.
    pub total: Duration,
    pub silent: Duration,
    /// Answers up to this length are read whole before the caller gets their first byte, so that one that breaks off can
    /// be asked for again.
    pub whole_up_to: u64,
}

impl Exchange<'_> {
    /// Sends the request, and answers what the replica said.
    pub async fn run(&self, body: RequestBody, held: Held) -> Result<Answer, Failure> {
        let (answer, deadline) = self.send(body).await?;
        let (status, method) = (answer.status(), self.outgoing.method);
        if status.is_server_error() && !is_problem(answer.headers()) {
            let reason = format!("{status}, and no problem document of ours");
            return Err(Failure::new(Signal::ServerError, &reason));
        }
        let length = content_length(answer.headers());
        let bodiless =
            *method == Method::HEAD || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
        let mut response = head(status, answer.headers());
        if bodiless {
            return Ok(Answer::whole(without_body(response, method, length)));
        }
        let chunked = answer.headers().contains_key(header::TRANSFER_ENCODING);
        match length {
            None if !chunked => Err(broken(&"an answer that does not say where it ends")),
            Some(length) if length <= self.whole_up_to => {
                let closes = closes(answer.headers());
                let whole = read_whole(answer, length, deadline).await?;
                let told = if status.is_server_error() { Told::by(&whole) } else { Told::default() };
                let nothing_happened = told.nothing_happened;
                match closes && status == StatusCode::SERVICE_UNAVAILABLE && nothing_happened {
                    true => {
                        Err(Failure { nothing_happened: true, ..Failure::new(Signal::Stopping, &"it stops") })
                    }
                    false => {
                        let mut response = response.body(whole);
                        if told.is_full {
                            response.extensions_mut().insert(TurnedAway);
                        }
                        Ok(Answer { nothing_happened, ..Answer::whole(response) })
                    }
                }
            }
            length => {
                let body = body::download(answer, length, self.silent, held);
                Ok(Answer { has_begun: true, ..Answer::whole(response.body(body)) })
            }
        }
    }

    /// The head of the answer, and by when the rest must be there.
    async fn send(
        &self,
        body: RequestBody,
    ) -> Result<(ClientResponse<impl AnswerBody + use<>>, Deadline), Failure> {
        let Outgoing { method, uri, headers, peer } = *self.outgoing;
        let path = uri.path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        let url = format!("http://{}{path}", self.address);
        let mut request = self.client.request(method.clone(), url).no_decompress();
        // made for each try: a copy for the next one would be made for every request, and used for few
        *request.headers_mut() = to_replica(headers, uri, peer, self.deadline);
        let mut turn = None;
        let sending = match body {
            RequestBody::Whole(bytes) if bytes.is_empty() => request.send(),
            RequestBody::Whole(bytes) => request.send_body(bytes),
            RequestBody::Stream(upload) => {
                turn = Some(upload.turn());
                match upload.length {
                    Some(length) => request.send_body(SizedStream::new(length, Box::pin(upload.parts()))),
                    None => request.send_stream(Box::pin(upload.parts())),
                }
            }
        };
        let (answer, deadline) = match turn {
            None => (self.deadline.bound(sending).await.map_err(|_| timed_out())?, self.deadline),
            Some(turn) => self.in_turn(sending, &turn).await?,
        };
        Ok((answer.map_err(failure)?, deadline))
    }

    /// A caller that takes its time says nothing about the replica: the replica's time runs only while it is its turn.
    async fn in_turn<F: Future>(&self, sending: F, turn: &Turn) -> Result<(F::Output, Deadline), Failure> {
        let mut sending = pin!(sending);
        let deadline = |since: Option<Instant>| {
            let waited = since.map(|since| since.elapsed()).unwrap_or_default();
            Deadline::after(self.total.saturating_sub(waited))
        };
        loop {
            let since = turn.is_replicas_since();
            match deadline(since).bound(&mut sending).await {
                Ok(output) => return Ok((output, deadline(turn.is_replicas_since()))),
                Err(_) if since.is_some() && turn.is_replicas_since() == since => return Err(timed_out()),
                // the caller is or was at it meanwhile
                Err(_) => {}
            }
        }
    }
}

async fn read_whole(
    mut answer: ClientResponse<impl AnswerBody>,
    length: u64,
    deadline: Deadline,
) -> Result<Bytes, Failure> {
    let read = deadline.bound(answer.body().limit(length as usize)).await;
    let bytes = read.map_err(|_| timed_out())?.map_err(|error| broken(&error))?;
    match bytes.len() as u64 == length {
        true => Ok(bytes),
        false => Err(broken(&"the answer is shorter than it said")),
    }
}

fn is_problem(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE);
    media_type.is_some_and(|value| value.as_bytes().starts_with(PROBLEM_JSON.as_bytes()))
}

fn closes(headers: &HeaderMap) -> bool {
    headers.get(header::CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

/// What a problem document of ours says.
#[derive(Clone, Copy, Default)]
struct Told {
    nothing_happened: bool,
    /// The replica has too much to do already.
    is_full: bool,
}

impl Told {
    fn by(document: &Bytes) -> Self {
        let document: serde_json::Value = serde_json::from_slice(document).unwrap_or_default();
        Self { nothing_happened: document["outcome"] == "none", is_full: document["code"] == OVERLOADED }
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

fn without_body(mut response: HttpResponseBuilder, method: &Method, length: Option<u64>) -> HttpResponse {
    match length {
        // of a sized body actix would miss the bytes, where the next request is there already
        Some(length) if method == Method::HEAD => {
            let nothing = stream::empty::<Result<Bytes, io::Error>>();
            response.no_chunking(length).body(BodyStream::new(nothing))
        }
        _ => response.finish(),
    }
}

fn broken(reason: &impl ToString) -> Failure {
    Failure::new(Signal::TransportError, reason)
}

fn timed_out() -> Failure {
    Failure { timed_out: true, ..Failure::new(Signal::TransportError, &"no answer in time") }
}

/// What is known after a failed send. Only a failure to connect proves that nothing was sent; `Disconnected` is none: awc
/// says so also of an end before the answer.
fn failure(error: SendRequestError) -> Failure {
    match error {
        SendRequestError::Connect(ConnectError::Disconnected) => broken(&error),
        SendRequestError::Connect(ConnectError::Io(ref cause)) => {
            let nobody = [
                io::ErrorKind::ConnectionRefused,
                io::ErrorKind::HostUnreachable,
                io::ErrorKind::NetworkUnreachable,
            ];
            let signal = match nobody.contains(&cause.kind()) {
                true => Signal::Refused,
                false => Signal::TransportError,
            };
            Failure { nothing_happened: true, ..Failure::new(signal, &error) }
        }
        SendRequestError::Connect(_) => Failure { nothing_happened: true, ..broken(&error) },
        SendRequestError::Body(cause) => match cause.downcast::<Cut>() {
            Ok(cut) => Failure::callers((*cut).into()),
            Err(cause) => broken(&cause),
        },
        _ => broken(&error),
    }
}
