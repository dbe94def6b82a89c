//! `GET /orders`

use actix_web::{HttpResponse, get, web::Data};
use contract::ProblemDocument;
use platform::{cursor, http::QueryParameters, problem::Problem};

use super::{
    document::{OrderDocument, OrderPageDocument},
    problem::order_problem,
    query::{ListOrdersQuery, PageMark},
};
use crate::service::OrderService;

/// List the order history
///
/// Newest first. `nextCursor` carries the filters of its list, so that `cursor` alone gets the next page; it is null on
/// the last one.
#[utoipa::path(
    tag = "orders",
    params(ListOrdersQuery),
    responses(
        (status = 200, description = "A page of orders.", body = OrderPageDocument),
        (status = 400, description = "A parameter is unknown, or not what it must be; errors names it.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "A fault on our side.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the database is away; ask again.", body = ProblemDocument, content_type = "application/problem+json", headers(
            ("Retry-After" = String, description = "Seconds."))),
    ),
)]
#[get("/orders")]
pub async fn list_orders(
    service: Data<OrderService>,
    query: QueryParameters<ListOrdersQuery>,
) -> Result<HttpResponse, Problem> {
    let wanted = query.0.read()?;
    let page = service
        .list(&wanted.filter, wanted.after, wanted.limit)
        .await
        .map_err(order_problem)?;
    let mark = page.next.map(|position| PageMark {
        filter: wanted.filter,
        position,
    });
    let next_cursor = mark
        .map(|mark| cursor::encode(&mark))
        .transpose()
        .map_err(Problem::internal)?;
    let currency = service.shop().currency;
    let items = page
        .orders
        .iter()
        .map(|order| OrderDocument::of(order, currency))
        .collect();
    Ok(HttpResponse::Ok().json(OrderPageDocument { items, next_cursor }))
}
