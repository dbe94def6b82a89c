//! `GET /orders`

use actix_web::{
    get,
    web::{Data, Json},
};
use contract::ReadProblems;
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
        ReadProblems,
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
