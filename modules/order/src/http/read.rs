//! `GET /orders/{id}`

use actix_web::{HttpResponse, get, web::Data};
use contract::{OrderId, ProblemDocument, ReadProblems};
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
        (status = 404, description = "There is no such order.", body = ProblemDocument, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/orders/{id}")]
pub async fn get_order(service: Data<OrderService>, id: PathId<OrderId>) -> Result<HttpResponse, Problem> {
    let order = service.get(id.0).await.map_err(order_problem)?;
    Ok(HttpResponse::Ok().json(OrderDocument::of(&order, service.shop().currency)))
}
