//! Forwards a request: chooses a replica, tries it, and tries another where that cannot do anything twice.

use std::{
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode},
    web::{Data, Payload},
};
use contract::Code;
use platform::{
    deadline::Deadline,
    idempotency,
    problem::{ErrorKind, Problem},
    request_id,
};

use crate::{
    GatewayWorker,
    body::{self, BodyBounds, RequestBody},
    cluster::{Choice, Cluster},
    counted::Counted,
    endpoint::{Endpoint, Signal},
    exchange::{Answer, Exchange, Failure, Outgoing},
    headers::Peer,
    held::Held,
    metrics::Outcome,
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
    let bounds = BodyBounds {
        keep: gateway.settings.replay_limit_bytes,
        limit: gateway.incoming.body_limit_bytes,
        deadline: Deadline::after(gateway.incoming.body_timeout),
    };
    // before a place is taken: who sends slowly keeps nobody out
    let body = body::read(request.headers(), payload, bounds).await?;
    let turned_away = |reason| {
        gateway.metrics.turned_away(service, reason);
        overloaded()
    };
    let _long_body = match body {
        RequestBody::Whole(_) => None,
        RequestBody::Stream(_) => {
            let place = cluster.enter_long_body(&gateway.settings);
            Some(place.ok_or_else(|| turned_away("long_bodies"))?)
        }
    };
    let place = cluster.enter(&gateway.settings).ok_or_else(|| turned_away("service_full"))?;
    let peer = request
        .peer_addr()
        .map(|peer| Peer { address: peer.ip(), trusted: gateway.settings.trusted_proxies.trusts(peer.ip()) });
    let outgoing =
        Outgoing { method: request.method(), uri: request.uri(), headers: request.headers(), peer };
    Forwarding {
        worker: worker.clone(),
        cluster,
        place: Rc::new(place),
        outgoing,
        tried: Vec::new(),
        last: None,
    }
    .run(body)
    .await
}

/// A request on its way, with the replicas that were tried.
struct Forwarding<'a> {
    worker: Data<GatewayWorker>,
    cluster: &'a Cluster,
    place: Rc<Counted>,
    outgoing: Outgoing<'a>,
    tried: Vec<SocketAddr>,
    /// The failures so far, as one: nothing happened only if no try did anything.
    last: Option<Failure>,
}

impl<'a> Forwarding<'a> {
    async fn run(mut self, body: RequestBody) -> Result<HttpResponse, Problem> {
        let settings = self.worker.gateway.settings.clone();
        let RequestBody::Whole(bytes) = body else {
            // what was read of a long body is gone: one try, whose time runs while it is the replica's turn
            let replica = self.enter_replica()?;
            let longest =
                Deadline::after(self.worker.gateway.incoming.body_timeout + settings.total_timeout());
            let result = self.attempt(replica, body, longest, true).await;
            return match result {
                Ok(answer) => Ok(answer.response),
                Err(failure) => {
                    self.last = Some(failure);
                    Err(self.given_up())
                }
            };
        };
        let (total, a_try) = (Deadline::after(settings.total_timeout()), settings.try_timeout());
        for number in 1..=settings.max_tries {
            let _retry = if number > 1 { Some(self.enter_retry()?) } else { None };
            let replica = self.enter_replica()?;
            let is_full = number == 1 || total.remaining() >= a_try;
            let body = RequestBody::Whole(bytes.clone());
            match self.attempt(replica, body, total.at_most(a_try), is_full).await {
                Ok(answer) => return self.pass_on(answer),
                Err(failure) => self.last = Some(self.with_earlier(failure)),
            }
            if total.has_passed() || !self.may_repeat() {
                break;
            }
        }
        Err(self.given_up())
    }

    /// One try; `is_full` says that it has the time that a try may take.
    async fn attempt(
        &mut self,
        (endpoint, in_flight): (Arc<Endpoint>, Counted),
        body: RequestBody,
        deadline: Deadline,
        is_full: bool,
    ) -> Result<Answer, Failure> {
        let settings = &self.worker.gateway.settings;
        self.tried.push(endpoint.address);
        let held = Held {
            worker: self.worker.clone(),
            service: self.cluster.service,
            endpoint: endpoint.clone(),
            request_id: request_id::current(),
            _endpoint_place: in_flight,
            _service_place: self.place.clone(),
        };
        let exchange = Exchange {
            client: &self.worker.client(),
            address: &endpoint.name,
            outgoing: &self.outgoing,
            deadline,
            total: settings.total_timeout(),
            silent: settings.silent_body_timeout(),
            whole_up_to: settings.replay_limit_bytes as u64,
        };
        let is_long = matches!(body, RequestBody::Stream(_));
        let started = Instant::now();
        let mut result = exchange.run(body, held).await;
        if let Err(failure) = &mut result
            && failure.timed_out
            && !is_full
        {
            // the tries before took its time
            failure.signal = None;
        }
        // how long a caller takes to send says nothing
        self.note(&endpoint, &result, started.elapsed(), !is_long);
        result
    }

    /// What a replica said goes to the caller as it is; but that nothing happened is true of its own try alone.
    fn pass_on(&self, answer: Answer) -> Result<HttpResponse, Problem> {
        match answer.nothing_happened && !self.nothing_happened() && !self.only_reads() {
            true => {
                Err(outcome_unknown()
                    .caused_by("an earlier try got no answer, and a later one was turned away"))
            }
            false => Ok(answer.response),
        }
    }

    /// A replica with a free place, which is taken.
    fn enter_replica(&mut self) -> Result<(Arc<Endpoint>, Counted), Problem> {
        let mut full = Vec::new();
        loop {
            let endpoint = self.choose(&full)?;
            // another worker may have taken the last place since
            match endpoint.enter(self.worker.gateway.settings.endpoint_max_in_flight) {
                Some(place) => return Ok((endpoint, place)),
                None => full.push(endpoint.address),
            }
        }
    }

    fn choose(&mut self, full: &[SocketAddr]) -> Result<Arc<Endpoint>, Problem> {
        let settings = &self.worker.gateway.settings;
        let mut choice = self.cluster.choose(&[&self.tried, full].concat(), settings);
        if matches!(choice, Choice::Nobody) && !self.tried.is_empty() {
            // all were tried: begin anew, a lone replica may only have closed an idle connection
            self.tried.clear();
            choice = self.cluster.choose(full, settings);
        }
        match choice {
            Choice::Endpoint(endpoint) => Ok(endpoint),
            Choice::Nobody if full.is_empty() => Err(self.given_up()),
            Choice::Nobody | Choice::AllBusy => Err(self.all_busy()),
        }
    }

    fn enter_retry(&self) -> Result<Counted, Problem> {
        let gateway = &self.worker.gateway;
        let reason = if self.nothing_happened() { "nothing_happened" } else { "no_answer" };
        match self.cluster.enter_retry(&gateway.settings) {
            Some(place) => {
                gateway.metrics.retried(self.cluster.service, reason);
                Ok(place)
            }
            None => {
                gateway.metrics.turned_away(self.cluster.service, "retry_budget");
                Err(self.given_up())
            }
        }
    }

    /// A further try cannot do anything twice: it only reads, nothing was sent, or the services know the repeat by its
    /// key.
    fn may_repeat(&self) -> bool {
        let last = self.last.as_ref();
        let callers_fault = last.is_some_and(|failure| failure.callers.is_some());
        !callers_fault && (self.only_reads() || self.nothing_happened() || self.has_key())
    }

    fn only_reads(&self) -> bool {
        [Method::GET, Method::HEAD, Method::OPTIONS].contains(self.outgoing.method)
    }

    fn has_key(&self) -> bool {
        self.outgoing.headers.contains_key(idempotency::HEADER)
    }

    fn nothing_happened(&self) -> bool {
        let last = self.last.as_ref();
        last.is_none_or(|failure| failure.nothing_happened)
    }

    fn with_earlier(&self, failure: Failure) -> Failure {
        Failure { nothing_happened: failure.nothing_happened && self.nothing_happened(), ..failure }
    }

    fn note(&self, endpoint: &Endpoint, result: &Result<Answer, Failure>, took: Duration, is_sample: bool) {
        let gateway = &self.worker.gateway;
        let (signal, outcome) = match result {
            Ok(Answer { response, .. }) => {
                (Some(signal_of(response.status())), Outcome::Status(response.status().as_u16()))
            }
            Err(failure) => (failure.signal, Outcome::Failure(failure.label())),
        };
        gateway.metrics.exchanged(self.cluster.service, endpoint, outcome, took);
        let Some(signal) = signal else { return };
        if is_sample {
            endpoint.latency.note(match signal.is_failure() {
                true => took.max(self.cluster.slow()),
                false => took,
            });
        }
        // one that may still break off is judged at its end
        if !matches!(result, Ok(Answer { has_begun: true, .. })) {
            gateway.note_signal(self.cluster.service, endpoint, signal);
        }
    }

    fn all_busy(&self) -> Problem {
        self.worker.gateway.metrics.turned_away(self.cluster.service, "endpoints_full");
        match self.nothing_happened() {
            true => overloaded(),
            false => self.given_up(),
        }
    }

    /// What the caller is told when no try gave an answer.
    fn given_up(&self) -> Problem {
        let last = self.last.as_ref();
        if let Some(problem) = last.and_then(|failure| failure.callers.clone()) {
            return problem;
        }
        let problem = if self.nothing_happened() {
            let detail =
                format!("No {} service can be reached; nothing happened.", self.cluster.service.name());
            Code::Unavailable.not_now(detail)
        } else if !self.only_reads() {
            outcome_unknown()
        } else if last.is_some_and(|failure| failure.timed_out) {
            Code::TimedOut.problem("No answer came in time; ask again.").retry_after(1)
        } else {
            Code::Unavailable.not_now("No whole answer came; ask again.")
        };
        match last {
            Some(failure) => problem.caused_by(failure.reason.clone()),
            None => problem,
        }
    }
}

fn signal_of(status: StatusCode) -> Signal {
    match status {
        StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_GATEWAY => Signal::ServerError,
        _ => Signal::Answered,
    }
}

fn outcome_unknown() -> Problem {
    Code::unknown("No answer came, so the outcome is not known; repeat with the same Idempotency-Key.")
}

fn overloaded() -> Problem {
    Code::Overloaded
        .not_now("More requests are under way than can be served; nothing happened. Repeat in a moment.")
}

fn path_problem(fault: &PathFault) -> Problem {
    match fault {
        PathFault::Ambiguous => Problem::new(ErrorKind::Malformed, fault.to_string()),
        PathFault::Unknown => {
            Problem::new(ErrorKind::NotFound, "There is nothing at this path; /docs lists what there is.")
        }
    }
}
