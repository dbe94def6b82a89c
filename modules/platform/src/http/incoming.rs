//! What may come in: no tunnel, no head or body beyond bounds, and no body that stops arriving.

use std::time::Duration;

use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{ConnectionType, Method, StatusCode, header},
    middleware::Next,
    web::Data,
};

use super::{arriving::Arriving, head::head_problem, problem::too_long, quiet::is_closing};
use crate::{
    problem::{ErrorKind, Problem},
    settings::ServerSettings,
};

/// The bounds of a request; kept by the application for [`guard_incoming`].
#[derive(Clone, Copy, Debug)]
pub struct IncomingBounds {
    pub head_limit_bytes: usize,
    pub max_headers: usize,
    pub body_limit_bytes: usize,
    /// How long a body may be silent.
    pub silent_body_timeout: Duration,
    /// When it must be there.
    pub body_timeout: Duration,
}

/// What a gateway adds to a head: by whom it came, for whom, and how long it may take.
const ADDED_HEADERS: usize = 16;
const ADDED_BYTES: usize = 1024;

impl IncomingBounds {
    /// With room for what a gateway adds to what it lets in.
    #[must_use]
    pub fn behind_gateway(self) -> Self {
        Self {
            head_limit_bytes: self.head_limit_bytes + ADDED_BYTES,
            max_headers: self.max_headers + ADDED_HEADERS,
            ..self
        }
    }
}

impl From<&ServerSettings> for IncomingBounds {
    fn from(settings: &ServerSettings) -> Self {
        Self {
            head_limit_bytes: settings.head_limit_bytes,
            max_headers: settings.max_headers,
            body_limit_bytes: settings.body_limit_bytes,
            silent_body_timeout: settings.silent_body_timeout(),
            body_timeout: settings.body_timeout(),
        }
    }
}

/// Middleware: refuses what would make the connection something else than HTTP, and what is beyond bounds, and ends a body
/// that stops arriving or takes too long; actix itself waits for it as long as the connection lasts.
///
/// # Errors
/// When what it is around fails.
pub async fn guard_incoming(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let bounds = request.app_data::<Data<IncomingBounds>>().map(|bounds| *bounds.get_ref());
    let arriving = bounds.and_then(|bounds| match request.take_payload() {
        Payload::None => None,
        payload => Some(Arriving::new(payload, bounds)),
    });
    let response = match refusal(&request, bounds) {
        Some(problem) => {
            let mut response = request.error_response(problem).map_into_right_body();
            // what follows on this connection is not known to be a request, or nobody wants to read it
            arriving.iter().for_each(Arriving::give_up);
            response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
            response
        }
        None => {
            if let Some(arriving) = &arriving {
                request.set_payload(arriving.in_time());
            }
            next.call(request).await?.map_into_left_body()
        }
    };
    let Some(arriving) = arriving else { return Ok(response.map_into_left_body()) };
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        // who asks too often has no place for as long as a body may take
        arriving.give_up();
    }
    let request = response.request().clone();
    Ok(response.map_body(|_, body| arriving.answered(request, body)).map_into_right_body())
}

fn refusal(request: &ServiceRequest, bounds: Option<IncomingBounds>) -> Option<Problem> {
    if is_tunnel(request) {
        let detail = "Connections are not upgraded or tunnelled here; ask without Upgrade.";
        return Some(Problem::new(ErrorKind::Malformed, detail));
    }
    if is_closing(request.request()) {
        let detail = "This connection was closed with the answer before; nothing happened. Ask on another.";
        return Some(Problem::new(ErrorKind::Unavailable, detail));
    }
    let bounds = bounds?;
    head_problem(request.head(), &bounds).or_else(|| {
        let length = request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        let is_longer = length.is_none_or(|length: u64| length > bounds.body_limit_bytes as u64);
        is_longer.then(|| too_long(bounds.body_limit_bytes))
    })
}

/// actix takes everything after such a head for its body, whatever the Content-Length says.
fn is_tunnel(request: &ServiceRequest) -> bool {
    let upgrades = request
        .headers()
        .get_all(header::UPGRADE)
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.trim().eq_ignore_ascii_case("websocket"));
    upgrades || request.method() == Method::CONNECT
}
