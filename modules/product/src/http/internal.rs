//! The decision over the wire.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use contract::{
    Code, DecideRequest, Deduction, OrderId, ProductApi, ProductApiError, RefuseRequest, SHOP_HEADER, Shop,
};
use platform::{
    http::{CallDeadline, JsonBody, PathId},
    problem::Problem,
};

use crate::ProductService;

/// `GET /internal/shop`
pub async fn get_shop(service: Data<ProductService>) -> String {
    service.shop().label()
}

/// `PUT /internal/deductions/{orderId}`
pub async fn decide_order(
    http: HttpRequest,
    service: Data<ProductService>,
    PathId(order): PathId<OrderId>,
    deadline: CallDeadline,
    JsonBody(request): JsonBody<DecideRequest>,
) -> Result<Json<Deduction>, Problem> {
    check_shop(&http, service.shop())?;
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

/// An order service of another shop or currency would sell at prices that are none.
fn check_shop(request: &HttpRequest, shop: &Shop) -> Result<(), Problem> {
    let asked = request.headers().get(SHOP_HEADER).and_then(|label| label.to_str().ok());
    match asked.filter(|asked| *asked != shop.label()) {
        None => Ok(()),
        Some(asked) => Err(Code::Invalid.problem(format!(
            "This product service is of {}, and was asked for {asked}; make shop.id and shop.currency the same everywhere.",
            shop.label()
        ))),
    }
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
