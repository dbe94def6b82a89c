//! Forwards a request: chooses a replica, tries it, and tries another where that cannot do anything twice.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{HeaderName, HeaderValue},
    },
    web::{Data, Payload},
};
use contract::Code;
use platform::{
    deadline::{self, Deadline},
    idempotency,
    problem::{ErrorKind, Problem},
};
use tracing::warn;

use crate::{
    GatewayWorker,
    body::{self, RequestBody},
    cluster::{Choice, Cluster, Counted},
    endpoint::{Endpoint, Signal},
    exchange::{Failure, Outgoing, exchange},
    headers,
    path::{PathFault, Service},
};

/// Every public route of a service.
///
/// # Errors
/// When the path is none of theirs, a bound is reached, or no replica answers.
pub async fn forward_request(
    request: HttpRequest,
    payload: Payload,
    worker: Data<GatewayWorker>,
) -> Result<HttpResponse, Problem> {
    let service = Service::of_path(request.uri().path()).map_err(|fault| path_problem(&fault))?;
    let gateway = &worker.gateway;
    let cluster = gateway.cluster(service);
    let _place = cluster.enter(&gateway.settings).ok_or_else(|| {
        gateway.metrics.turned_away(service, "service_full");
        overloaded()
    })?;
    let body = body::read(
        request.headers(),
        payload,
        gateway.settings.replay_limit_bytes,
        gateway.body_limit_bytes,
        gateway.settings.silent_body_timeout(),
    )
    .await?;
    let peer = request.peer_addr().map(|peer| peer.ip().to_string());
    let outgoing = Outgoing {
        method: request.method(),
        uri: request.uri(),
        headers: headers::to_replica(request.headers(), request.uri(), peer.as_deref()),
    };
    Forwarding {
        worker: &worker,
        cluster,
        outgoing,
        tried: Vec::new(),
        last: None,
    }
    .run(body)
    .await
}

/// A request on its way, with the replicas that were tried.
struct Forwarding<'a> {
    worker: &'a GatewayWorker,
    cluster: &'a Cluster,
    outgoing: Outgoing<'a>,
    tried: Vec<SocketAddr>,
    /// The failures so far, as one: it was never sent only if no try was.
    last: Option<Failure>,
}

impl<'a> Forwarding<'a> {
    async fn run(mut self, body: RequestBody) -> Result<HttpResponse, Problem> {
        let settings = &self.worker.gateway.settings;
        let total = Deadline::after(settings.total_timeout());
        let RequestBody::Whole(bytes) = body else {
            // what was read of a long body is gone: one try
            return self
                .attempt(body, total)
                .await?
                .map_err(|()| self.given_up());
        };
        for number in 1..=settings.max_tries {
            let _retry = if number > 1 {
                Some(self.enter_retry()?)
            } else {
                None
            };
            if let Ok(answer) = self
                .attempt(RequestBody::Whole(bytes.clone()), total)
                .await?
            {
                return Ok(answer);
            }
            if total.has_passed() || !self.may_repeat() {
                break;
            }
        }
        Err(self.given_up())
    }

    /// One try; `Ok(Err(()))` after noting a failure.
    async fn attempt(
        &mut self,
        body: RequestBody,
        total: Deadline,
    ) -> Result<Result<HttpResponse, ()>, Problem> {
        let gateway = &self.worker.gateway;
        let endpoint = self.choose()?;
        let Some(_in_flight) = endpoint.enter(gateway.settings.endpoint_max_in_flight) else {
            return Err(self.all_busy());
        };
        self.tried.push(endpoint.address);
        let deadline = total.at_most(gateway.settings.try_timeout());
        let left_ms = deadline.remaining().as_millis().to_string();
        if let Ok(left_ms) = HeaderValue::from_str(&left_ms) {
            self.outgoing
                .headers
                .insert(HeaderName::from_static(deadline::HEADER), left_ms);
        }
        let started = Instant::now();
        let client = self.worker.client();
        let limits = (&*gateway.settings, gateway.body_limit_bytes);
        let result = exchange(
            &client,
            endpoint.address,
            &self.outgoing,
            body,
            deadline,
            limits,
        )
        .await;
        self.note(&endpoint, &result, started);
        Ok(result.map_err(|failure| self.last = Some(self.with_earlier(failure))))
    }

    fn choose(&mut self) -> Result<Arc<Endpoint>, Problem> {
        let settings = &self.worker.gateway.settings;
        let mut choice = self.cluster.choose(&self.tried, settings);
        if matches!(choice, Choice::Nobody) && !self.tried.is_empty() {
            // all were tried: begin anew, a lone replica may only have closed an idle connection
            self.tried.clear();
            choice = self.cluster.choose(&self.tried, settings);
        }
        match choice {
            Choice::Endpoint(endpoint) => Ok(endpoint),
            Choice::AllBusy => Err(self.all_busy()),
            Choice::Nobody => Err(self.given_up()),
        }
    }

    fn enter_retry(&self) -> Result<Counted<'a>, Problem> {
        let gateway = &self.worker.gateway;
        let reason = if self.never_sent() {
            "never_sent"
        } else {
            "no_answer"
        };
        match self.cluster.enter_retry(&gateway.settings) {
            Some(place) => {
                gateway.metrics.retried(self.cluster.service, reason);
                Ok(place)
            }
            None => {
                gateway
                    .metrics
                    .turned_away(self.cluster.service, "retry_budget");
                Err(self.given_up())
            }
        }
    }

    /// A further try cannot do anything twice: it only reads, nothing was sent, or the services know the repeat by its
    /// key.
    fn may_repeat(&self) -> bool {
        let callers_fault = self
            .last
            .as_ref()
            .is_some_and(|failure| failure.signal.is_none());
        !callers_fault && (self.only_reads() || self.never_sent() || self.has_key())
    }

    fn only_reads(&self) -> bool {
        [Method::GET, Method::HEAD, Method::OPTIONS].contains(self.outgoing.method)
    }

    fn has_key(&self) -> bool {
        self.outgoing.headers.contains_key(idempotency::HEADER)
    }

    fn never_sent(&self) -> bool {
        self.last.as_ref().is_none_or(|failure| failure.never_sent)
    }

    fn with_earlier(&self, failure: Failure) -> Failure {
        Failure {
            never_sent: failure.never_sent && self.never_sent(),
            ..failure
        }
    }

    fn note(&self, endpoint: &Endpoint, result: &Result<HttpResponse, Failure>, started: Instant) {
        let gateway = &self.worker.gateway;
        let took = started.elapsed();
        let (signal, outcome) = match result {
            Ok(answer) => (
                Some(signal_of(answer.status())),
                answer.status().as_str().to_owned(),
            ),
            Err(failure) => (
                failure.signal,
                if failure.timed_out {
                    "timed_out"
                } else {
                    "broken"
                }
                .to_owned(),
            ),
        };
        gateway
            .metrics
            .exchanged(self.cluster.service, endpoint.address, &outcome, took);
        let Some(signal) = signal else { return };
        // a failure counts as a slow answer
        let failed = result.is_err() || signal == Signal::ServerError;
        endpoint.latency.note(if failed {
            gateway.settings.try_timeout().max(took)
        } else {
            took
        });
        if signal == Signal::Refused {
            self.cluster.look_again.notify_one();
        }
        let is_last = signal != Signal::Answered && self.cluster.is_last(endpoint);
        if endpoint.note(signal, &gateway.settings, is_last) {
            gateway
                .metrics
                .ejected(self.cluster.service, endpoint.address);
            let service = self.cluster.service.name();
            warn!(service, address = %endpoint.address, ?signal, "replica ejected");
        }
    }

    fn all_busy(&self) -> Problem {
        self.worker
            .gateway
            .metrics
            .turned_away(self.cluster.service, "endpoints_full");
        match self.never_sent() {
            true => overloaded(),
            false => self.given_up(),
        }
    }

    /// What the caller is told when no try gave an answer.
    fn given_up(&self) -> Problem {
        let Some(failure) = &self.last else {
            let detail = format!(
                "No {} service can be reached; nothing happened.",
                self.cluster.service.name()
            );
            return Code::Unavailable.not_now(detail);
        };
        let problem = if failure.signal.is_none() {
            Problem::new(
                ErrorKind::Malformed,
                "The body did not arrive whole; send it again.",
            )
        } else if self.never_sent() {
            let detail = format!(
                "No {} service can be reached; nothing happened.",
                self.cluster.service.name()
            );
            Code::Unavailable.not_now(detail)
        } else if !self.only_reads() {
            Code::unknown(
                "No answer came, so the outcome is not known; repeat with the same Idempotency-Key.",
            )
        } else if failure.timed_out {
            Code::TimedOut
                .problem("No answer came in time; ask again.")
                .retry_after(1)
        } else {
            Code::Unavailable.not_now("The answer broke off; ask again.")
        };
        problem.caused_by(failure.reason.clone())
    }
}

fn signal_of(status: StatusCode) -> Signal {
    match status {
        StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_GATEWAY => Signal::ServerError,
        _ => Signal::Answered,
    }
}

fn overloaded() -> Problem {
    Code::Overloaded.not_now(
        "More requests are under way than can be served; nothing happened. Repeat in a moment.",
    )
}

fn path_problem(fault: &PathFault) -> Problem {
    match fault {
        PathFault::Ambiguous => Problem::new(ErrorKind::Malformed, fault.to_string()),
        PathFault::Unknown => Problem::new(
            ErrorKind::NotFound,
            "There is nothing at this path; /docs lists what there is.",
        ),
    }
}
