//! `GET /orders`

use actix_web::{
    get,
    web::{Data, Json},
};
use contract::ProblemDocument;
use platform::{
    http::{Page, Position, QueryParameters},
    problem::Problem,
};

use super::{
    document::{OrderDocument, OrderPageDocument},
    problem::order_problem,
    query::ListOrdersQuery,
};
use crate::{
    model::{self, Order},
    service::OrderService,
};

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
    QueryParameters(query): QueryParameters<ListOrdersQuery>,
) -> Result<Json<Page<OrderDocument>>, Problem> {
    let (filter, after) = Position::open(query.filter(), query.cursor.as_deref())?;
    let orders = service.list(&filter, after, query.limit.items_and_one()).await.map_err(order_problem)?;
    let mark = |order: &Order| model::Position { created_at: order.created_at, id: order.id };
    let currency = service.shop().currency;
    let show = |order| OrderDocument::of(&order, currency);
    Page::close(orders, query.limit, &filter, mark, show).map(Json)
}
