//! The decision over the wire.

use actix_web::web::{Data, Json};
use contract::{Code, DecideRequest, Deduction, OrderId, ProductApi, ProductApiError, RefuseRequest};
use platform::{
    http::{CallDeadline, JsonBody, PathId},
    problem::Problem,
};

use crate::ProductService;

/// `PUT /internal/deductions/{orderId}`
pub async fn decide_order(
    service: Data<ProductService>,
    PathId(order): PathId<OrderId>,
    deadline: CallDeadline,
    JsonBody(request): JsonBody<DecideRequest>,
) -> Result<Json<Deduction>, Problem> {
    service.decide(order, &request, deadline.0).await.map(Json).map_err(problem)
}

/// `POST /internal/deductions/{orderId}/refuse`
pub async fn refuse_order(
    service: Data<ProductService>,
    PathId(order): PathId<OrderId>,
    deadline: CallDeadline,
    JsonBody(request): JsonBody<RefuseRequest>,
) -> Result<Json<Deduction>, Problem> {
    service.refuse(order, &request, deadline.0).await.map(Json).map_err(problem)
}

fn problem(error: ProductApiError) -> Problem {
    match &error {
        ProductApiError::Unknown(_) => {
            Code::unknown("The decision is not known yet; ask again.").caused_by(error)
        }
        ProductApiError::KeyReused => Code::KeyReused.problem(error.to_string()),
        ProductApiError::Rejected(reason) => Code::Invalid.problem(reason.clone()),
    }
}
