//! `POST /orders/cancellations`

use actix_web::{HttpResponse, http::StatusCode, post, web::Data};
use contract::{ChangeProblems, Code, ProblemDocument};
use platform::{
    http::{CallDeadline, JsonBody, Key, answered},
    problem::Problem,
};

use super::{body::CancelOrderBody, document::OrderDocument, problem::order_problem};
use crate::{
    model::OrderStatus,
    service::{OrderError, OrderService},
};

/// Give an order up
///
/// For an order whose outcome is unknown, also one that may never have arrived: named by its key it is cancelled in any
/// case, and the order's request, should it come late, is told so. It ends cancelled, or as it was decided before. A 404
/// for an `orderId` proves nothing: cancel by key.
#[utoipa::path(
    tag = "orders",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 16, max_length = 255,
        description = "The cancellation's own key, not the order's.")),
    request_body = CancelOrderBody,
    responses(
        (status = 200, description = "Nothing was sold, and never will be: the order is `cancelled`, or was `rejected` before.", body = OrderDocument, headers(
            ("Idempotent-Replayed" = String, description = "`true` on the answer to a repeat."))),
        (status = 404, description = "No order of this `orderId` is known; cancel by key.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`already_confirmed`: it was sold before; `orderId` says which.", body = ProblemDocument, content_type = "application/problem+json", headers(
            ("Idempotent-Replayed" = String, description = "`true` on the answer to a repeat."))),
        ChangeProblems,
    ),
)]
#[post("/orders/cancellations")]
pub async fn cancel_order(
    service: Data<OrderService>,
    key: Key,
    caller: CallDeadline,
    body: JsonBody<CancelOrderBody>,
) -> Result<HttpResponse, Problem> {
    let command = body.0.into_command(key.0)?;
    let target = service.target(&command);
    let cancelled = service.until(caller.0, target, service.cancel(&command)).await;
    let answer = cancelled.map_err(cancel_problem)?;
    let order = &answer.value;
    if order.status() == OrderStatus::Confirmed {
        let detail = "The order was confirmed before it could be given up; read it under its orderId.";
        let problem = Code::AlreadyConfirmed.problem(detail).member("orderId", order.id.to_string());
        return Err(Problem { replayed: answer.replayed, ..problem });
    }
    Ok(answered(StatusCode::OK, &answer).json(OrderDocument::of(order, service.shop().currency)))
}

/// The key to repeat with is the cancellation's own, and cancelling once more is no way out of it.
fn cancel_problem(error: OrderError) -> Problem {
    let is_unknown = matches!(error, OrderError::OutcomeUnknown { .. });
    let problem = order_problem(error);
    match is_unknown {
        true => Problem {
            detail: "The order is not given up yet, and may still be sold; repeat this cancellation until it is answered."
                .to_owned(),
            ..problem
        },
        false => problem,
    }
}
