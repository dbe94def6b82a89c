//! `/products/{id}/stock` and `/products/{id}/deduct`: stock on hand and its ledger.

use actix_web::{
    HttpResponse, get,
    http::StatusCode,
    post, put,
    web::{Data, Json},
};
use contract::{ChangeProblems, ProblemDocument, ProductId, ReadProblems};
use platform::{
    http::{CallDeadline, JsonBody, Key, Page, PathId, Position, QueryParameters, answer_json, keyed},
    problem::Problem,
};

use super::{
    bodies::{AdjustmentBody, DeductBody, StockCountBody},
    problem::unknown,
    queries::{LedgerOf, ListMovementsQuery},
    views::MovementPage,
};
use crate::{
    ProductError, ProductService,
    model::{Movement, StockLevel},
};

/// Read stock on hand
#[utoipa::path(
    tag = "stock",
    params(("id" = ProductId, Path)),
    responses(
        (status = 200, description = "On hand, after movement `seq`", body = StockLevel),
        (status = 404, description = "Unknown or archived", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`stock_untracked`", body = ProblemDocument, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/products/{id}/stock")]
async fn get_stock(
    service: Data<ProductService>,
    PathId(id): PathId<ProductId>,
) -> Result<Json<StockLevel>, Problem> {
    Ok(Json(service.stock(id).await?))
}

/// Set stock to what was counted
///
/// With `asOf` (the `seq` when the shelf was counted) what was sold meanwhile is kept, so that a shelf can be counted
/// while it sells. With `expectedQuantity` stock changes only if it is that much now.
#[utoipa::path(
    tag = "stock",
    params(
        ("id" = ProductId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 255 visible characters; a UUID is best"),
    ),
    request_body = StockCountBody,
    responses(
        (status = 200, description = "Counted", body = StockLevel, headers(("Idempotent-Replayed" = String))),
        (status = 404, description = "Unknown or archived", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`stale_count`, `insufficient_stock`, `stock_untracked`, `stock_out_of_range`", body = ProblemDocument, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[put("/products/{id}/stock")]
async fn count_stock(
    service: Data<ProductService>,
    PathId(id): PathId<ProductId>,
    Key(key): Key,
    JsonBody(body): JsonBody<StockCountBody>,
) -> Result<HttpResponse, Problem> {
    let count = body.check()?;
    let request = keyed(key, &format!("PUT /products/{id}/stock"), &count)?;
    Ok(answer_json(StatusCode::OK, &service.count(&request, id, &count).await?))
}

/// Receive, waste or correct stock
#[utoipa::path(
    tag = "stock",
    params(
        ("id" = ProductId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 255 visible characters; a UUID is best"),
    ),
    request_body = AdjustmentBody,
    responses(
        (status = 201, description = "The movement", body = Movement, headers(("Idempotent-Replayed" = String))),
        (status = 404, description = "Unknown or archived", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`insufficient_stock`, `stock_untracked`, `stock_out_of_range`", body = ProblemDocument, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[post("/products/{id}/stock/adjustments")]
async fn adjust_stock(
    service: Data<ProductService>,
    PathId(id): PathId<ProductId>,
    Key(key): Key,
    caller: CallDeadline,
    JsonBody(body): JsonBody<AdjustmentBody>,
) -> Result<HttpResponse, Problem> {
    let adjustment = body.check()?;
    let request = keyed(key, &format!("POST /products/{id}/stock/adjustments"), &adjustment)?;
    Ok(answer_json(
        StatusCode::CREATED,
        &while_waited_for(caller, service.adjust(&request, id, &adjustment)).await?,
    ))
}

/// Deduct inventory of one product
///
/// Without an order, and never below the floor.
#[utoipa::path(
    tag = "stock",
    params(
        ("id" = ProductId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 255 visible characters; a UUID is best"),
    ),
    request_body = DeductBody,
    responses(
        (status = 200, description = "Deducted", body = StockLevel, headers(("Idempotent-Replayed" = String))),
        (status = 404, description = "Unknown or archived", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`insufficient_stock`, `stock_untracked`", body = ProblemDocument, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[post("/products/{id}/deduct")]
async fn deduct_stock(
    service: Data<ProductService>,
    PathId(id): PathId<ProductId>,
    Key(key): Key,
    caller: CallDeadline,
    JsonBody(body): JsonBody<DeductBody>,
) -> Result<HttpResponse, Problem> {
    let quantity = body.check()?;
    let request = keyed(key, &format!("POST /products/{id}/deduct"), &quantity)?;
    Ok(answer_json(StatusCode::OK, &while_waited_for(caller, service.deduct(&request, id, quantity)).await?))
}

/// Runs `work` until the caller's deadline. What waits for its group by then is left out of it; what has begun goes on.
///
/// # Errors
/// What `work` answered; that the outcome is unknown, when it took longer.
async fn while_waited_for<T>(
    CallDeadline(caller): CallDeadline,
    work: impl Future<Output = Result<T, ProductError>>,
) -> Result<T, Problem> {
    let done = caller.bound(work).await.map_err(|elapsed| unknown().caused_by(elapsed))?;
    Ok(done?)
}

/// List the ledger of a product, newest first
///
/// A chain without gaps: each `before` is the last one's `after`. It is kept when the product is archived.
#[utoipa::path(
    tag = "stock",
    params(("id" = ProductId, Path), ListMovementsQuery),
    responses(
        (status = 200, description = "A page", body = MovementPage),
        (status = 404, description = "Unknown product", body = ProblemDocument, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/products/{id}/stock/movements")]
async fn list_movements(
    service: Data<ProductService>,
    PathId(id): PathId<ProductId>,
    QueryParameters(query): QueryParameters<ListMovementsQuery>,
) -> Result<Json<Page<Movement>>, Problem> {
    let (ledger, before) = Position::open(LedgerOf(Some(id)), query.cursor.as_deref())?;
    let movements = service.movements(id, before, query.limit.items_and_one()).await?;
    Page::close(movements, query.limit, &ledger, |movement: &Movement| movement.seq, |movement| movement)
        .map(Json)
}
