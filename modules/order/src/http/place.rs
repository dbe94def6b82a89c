//! `POST /orders`

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    post,
    web::Data,
};
use contract::ProblemDocument;
use platform::{
    http::{JsonBody, Key, answered},
    problem::Problem,
};

use super::{
    body::PlaceOrderBody,
    document::{OrderDocument, RefusedOrder},
    problem::{order_problem, refused_problem},
};
use crate::service::OrderService;

/// Place an order
///
/// Decides about the whole order at once: every line is sold, or none. Lines of the same product are merged. The answer
/// goes out when the outcome is written, so that whoever reads the order afterwards sees the same. After a 5xx or
/// silence repeat with the same Idempotency-Key; after a 409 a new attempt needs a new key.
#[utoipa::path(
    tag = "orders",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 16, max_length = 255,
        description = "16 to 255 visible characters, a UUID is best. It names the order for ever: a repeat is answered as the first request was. Without it one is made and answered in the same header.")),
    request_body = PlaceOrderBody,
    responses(
        (status = 201, description = "Confirmed: the stock was taken.", body = OrderDocument, headers(
            ("Location" = String, description = "Where the order can be read."),
            ("Idempotent-Replayed" = String, description = "`true` on the answer to a repeat."))),
        (status = 400, description = "Not readable: no JSON, or a key that is none.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Not sold: `insufficient_stock`, `product_unavailable`, `price_changed` or `total_out_of_range`, each with its reasons, or `order_cancelled`.", body = RefusedOrder, content_type = "application/problem+json", headers(
            ("Idempotent-Replayed" = String, description = "`true` on the answer to a repeat."))),
        (status = 413, description = "The body is too long.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: the content is wrong, see errors; or `key_reused`: the key was used for another request.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "A fault on our side; repeat with the same key.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded` or `unavailable`: this request changed nothing; or `outcome_unknown`: repeat with the same key, or cancel.", body = ProblemDocument, content_type = "application/problem+json", headers(
            ("Retry-After" = String, description = "Seconds."))),
    ),
)]
#[post("/orders")]
pub async fn create_order(
    service: Data<OrderService>,
    key: Key,
    body: JsonBody<PlaceOrderBody>,
) -> Result<HttpResponse, Problem> {
    let currency = service.shop().currency;
    let command = body.0.into_command(currency)?;
    let answer = service
        .place(&key.0, &command)
        .await
        .map_err(order_problem)?;
    if let Some(problem) = refused_problem(&answer.value, currency) {
        return Err(Problem { replayed: answer.replayed, ..problem });
    }
    let location = format!("/orders/{}", answer.value.id);
    Ok(answered(StatusCode::CREATED, &answer)
        .insert_header((header::LOCATION, location))
        .json(OrderDocument::of(&answer.value, currency)))
}
