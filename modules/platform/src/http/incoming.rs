//! What may come in: no tunnel, and no body that stops arriving.

use std::{io, time::Duration};

use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{ConnectionType, Method, header},
    middleware::Next,
    web::{Bytes, Data},
};
use futures_util::{Stream, StreamExt, stream};

use crate::problem::{ErrorKind, Problem};

/// How long a body may be silent; kept by the application for [`guard_incoming`].
#[derive(Clone, Copy)]
pub struct SilentBodyTimeout(pub Duration);

/// Middleware: refuses what would make the connection something else than HTTP, and ends a body that stops arriving;
/// actix itself waits for it as long as the connection lasts.
///
/// # Errors
/// When what it is around fails.
pub async fn guard_incoming(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if is_tunnel(&request) {
        let detail = "Connections are not upgraded or tunnelled here; ask without Upgrade.";
        let problem = Problem::new(ErrorKind::Malformed, detail);
        let mut response = request.error_response(problem).map_into_right_body();
        // what follows on this connection is not known to be a request
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        return Ok(response);
    }
    if let Some(timeout) = request.app_data::<Data<SilentBodyTimeout>>() {
        let silent = timeout.0;
        let payload = match request.take_payload() {
            Payload::None => Payload::None,
            payload => Payload::Stream { payload: unless_silent(payload, silent).boxed_local() },
        };
        request.set_payload(payload);
    }
    Ok(next.call(request).await?.map_into_left_body())
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

fn unless_silent(payload: Payload, silent: Duration) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    stream::try_unfold(payload, move |mut payload| async move {
        let next = tokio::time::timeout(silent, payload.next()).await;
        let next = next.map_err(|_| PayloadError::Io(io::ErrorKind::TimedOut.into()))?;
        Ok(next.transpose()?.map(|part| (part, payload)))
    })
}
