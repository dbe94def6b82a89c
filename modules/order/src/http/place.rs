//! `POST /orders`

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    post,
    web::Data,
};
use contract::ChangeProblems;
use platform::{
    http::{CallDeadline, JsonBody, Key, answered},
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
        description = "16 to 255 visible characters, a UUID v7 is best. It names the order for ever: a repeat is answered as the first request was. Without it one is made and answered in the same header.")),
    request_body = PlaceOrderBody,
    responses(
        (status = 201, description = "Confirmed: the stock was taken.", body = OrderDocument, headers(
            ("Location" = String, description = "Where the order can be read."),
            ("Idempotent-Replayed" = String, description = "`true` on the answer to a repeat."))),
        (status = 409, description = "Not sold: `insufficient_stock`, `product_unavailable`, `price_changed` or `total_out_of_range`, each with its reasons, or `order_cancelled`.", body = RefusedOrder, content_type = "application/problem+json", headers(
            ("Idempotent-Replayed" = String, description = "`true` on the answer to a repeat."))),
        ChangeProblems,
    ),
)]
#[post("/orders")]
pub async fn create_order(
    service: Data<OrderService>,
    key: Key,
    caller: CallDeadline,
    body: JsonBody<PlaceOrderBody>,
) -> Result<HttpResponse, Problem> {
    let currency = service.shop().currency;
    let command = body.0.into_command(currency)?;
    // past it the answer reaches nobody; what is left behind is pending, and finished as such
    let order = service.shop().order_id(&key.0);
    let placed = service.until(caller.0, order, service.place(&key.0, &command)).await;
    let answer = placed.map_err(order_problem)?;
    if let Some(problem) = refused_problem(&answer.value, currency) {
        return Err(Problem { replayed: answer.replayed, ..problem });
    }
    let location = format!("/orders/{}", answer.value.id);
    Ok(answered(StatusCode::CREATED, &answer)
        .insert_header((header::LOCATION, location))
        .json(OrderDocument::of(&answer.value, currency)))
}
