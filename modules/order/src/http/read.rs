//! `GET /orders/{id}`

use actix_web::{HttpResponse, get, web::Data};
use contract::{OrderId, ProblemDocument};
use platform::{http::PathId, problem::Problem};

use super::{document::OrderDocument, problem::order_problem};
use crate::service::OrderService;

/// Read an order
///
/// An order that was answered once never changes. A 404 proves nothing about a request that may still be under way:
/// repeat it with its key, or cancel it.
#[utoipa::path(
    tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's id.")),
    responses(
        (status = 200, description = "The order as it stands.", body = OrderDocument),
        (status = 400, description = "The id is no UUID.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such order.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "A fault on our side.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the database is away; ask again.", body = ProblemDocument, content_type = "application/problem+json", headers(
            ("Retry-After" = String, description = "Seconds."))),
    ),
)]
#[get("/orders/{id}")]
pub async fn get_order(
    service: Data<OrderService>,
    id: PathId<OrderId>,
) -> Result<HttpResponse, Problem> {
    let order = service.get(id.0).await.map_err(order_problem)?;
    Ok(HttpResponse::Ok().json(OrderDocument::of(&order, service.shop().currency)))
}
