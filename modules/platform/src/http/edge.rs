//! The duties of the first role that a request reaches: its id, its trace, its key, one log event, its figures.

use std::time::Instant;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::{
    quiet::note_asked,
    turned_away::{self, TurnedAway},
};
use crate::{
    idempotency,
    metrics::Metrics,
    problem::{OVERLOADED, Problem, chain},
    request_id::{self, RequestId},
    trace::{self, TraceParent},
};

/// Routes that orchestrators ask every second; logged at debug.
pub(super) const QUIET_ROUTES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Middleware around everything: request id, trace, made key, one event and one count a request.
pub async fn serve_request(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    note_asked(request.request(), started);
    let given = request.headers().get(request_id::HEADER).and_then(|value| value.to_str().ok());
    let id = given.and_then(RequestId::accept).unwrap_or_else(RequestId::generate);
    let method = request.method().clone();
    let trace = take_or_start_trace(&mut request)?;
    let made_key = make_missing_key(&mut request)?;
    let metrics = request.app_data::<Data<Metrics>>().cloned();

    let work = trace::scope(trace.clone(), next.call(request));
    let mut response = request_id::scope(id.clone(), work).await?;
    let answered = Instant::now();
    note_asked(response.request(), answered);

    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(request_id::HEADER), HeaderValue::from_str(id.as_str())?);
    if let Some(key) = made_key {
        headers.insert(HeaderName::from_static(idempotency::HEADER), key);
    }
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let duration = answered.duration_since(started);
    let status = response.status().as_u16();
    if let Some(metrics) = metrics {
        metrics.http.record(method_label(&method), &route, status, duration);
    }
    log(
        &Event {
            method: method.as_str(),
            route: &route,
            status,
            duration_ms: duration.as_secs_f64() * 1e3,
            id: &id,
            trace_id: trace.trace_id(),
        },
        &response,
    );
    Ok(response)
}

/// A request that changes something and brings no key gets one: good for our own retries downstream, no help against a
/// caller that asks twice.
fn make_missing_key(request: &mut ServiceRequest) -> Result<Option<HeaderValue>, Error> {
    let changes = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if !changes || request.headers().contains_key(idempotency::HEADER) {
        return Ok(None);
    }
    let key = HeaderValue::from_str(&Uuid::now_v7().to_string())?;
    request.headers_mut().insert(HeaderName::from_static(idempotency::HEADER), key.clone());
    Ok(Some(key))
}

/// The caller's trace where it is well formed and alone; else one starts here, and the state of another goes.
fn take_or_start_trace(request: &mut ServiceRequest) -> Result<TraceParent, Error> {
    let headers = request.headers_mut();
    let mut given = headers.get_all(trace::HEADER);
    let only = given.next().filter(|_| given.next().is_none());
    let accepted = only.and_then(|value| value.to_str().ok()).and_then(TraceParent::accept);
    let trace = match accepted {
        Some(trace) => trace,
        None => {
            headers.remove(trace::STATE_HEADER);
            TraceParent::generate()
        }
    };
    headers.insert(HeaderName::from_static(trace::HEADER), HeaderValue::from_str(trace.as_str())?);
    Ok(trace)
}

/// A caller may invent methods; the figures must not grow with them.
fn method_label(method: &Method) -> &str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if known.contains(method) { method.as_str() } else { "other" }
}

struct Event<'a> {
    method: &'a str,
    route: &'a str,
    status: u16,
    duration_ms: f64,
    id: &'a RequestId,
    trace_id: &'a str,
}

fn log<B>(event: &Event, response: &ServiceResponse<B>) {
    let Event { method, route, status, duration_ms, id, trace_id } = event;
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    let code = problem.map(|problem| problem.code);
    let cause = problem.and_then(|problem| problem.cause.as_deref()).map(chain);
    match status {
        // without an error of its own it passes on what another said, who has logged the cause
        500 if response.response().error().is_some() => {
            error!(method, route, status, duration_ms, request_id = %id, trace_id, code, cause, "request failed")
        }
        503 if code == Some(OVERLOADED) || response.response().extensions().get::<TurnedAway>().is_some() => {
            turned_away::note();
            debug!(method, route, status, duration_ms, request_id = %id, trace_id, code, "request turned away");
        }
        500.. => {
            warn!(method, route, status, duration_ms, request_id = %id, trace_id, code, cause, "request not served")
        }
        _ if QUIET_ROUTES.contains(route) => {
            debug!(method, route, status, duration_ms, request_id = %id, trace_id, "request")
        }
        _ => info!(method, route, status, duration_ms, request_id = %id, trace_id, code, "request"),
    }
}
