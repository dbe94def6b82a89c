//! `/products`: the catalogue.

use actix_web::{
    HttpResponse, delete, get,
    http::{StatusCode, header},
    post, put,
    web::{Data, Json},
};
use contract::{ChangeProblems, ProblemDocument, ProductId, ReadProblems};
use platform::{
    http::{IfMatch, JsonBody, Key, Page, PathId, Position, QueryParameters, answered, etag, keyed},
    problem::Problem,
};

use super::{
    bodies::{NewProductBody, ProductBody},
    queries::{GetProductQuery, ListProductsQuery},
    views::{ProductPage, ProductView},
};
use crate::{ProductService, model::Product};

/// Create a product
#[utoipa::path(
    tag = "products",
    params(("Idempotency-Key" = Option<String>, Header, description = "16 to 255 visible characters; a UUID is best")),
    request_body = NewProductBody,
    responses(
        (status = 201, description = "Created", body = ProductView,
         headers(("Location" = String), ("ETag" = String), ("Idempotent-Replayed" = String))),
        (status = 409, description = "`duplicate_sku`, `duplicate_barcode`", body = ProblemDocument, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[post("/products")]
async fn create_product(
    service: Data<ProductService>,
    Key(key): Key,
    JsonBody(body): JsonBody<NewProductBody>,
) -> Result<HttpResponse, Problem> {
    let new = body.check(service.shop().currency)?;
    let request = keyed(key, "POST /products", &new)?;
    let created = service.create(&request, new).await?;
    let location = format!("/products/{}", created.value.id);
    let tag = etag(created.value.version);
    let mut response = answered(StatusCode::CREATED, &created);
    response.insert_header((header::LOCATION, location)).insert_header((header::ETAG, tag));
    Ok(response.json(ProductView::new(created.value, service.shop().currency)))
}

/// List products
///
/// In the order in which they were made. A product by its SKU or barcode is a list of one.
#[utoipa::path(
    tag = "products",
    params(ListProductsQuery),
    responses(
        (status = 200, description = "A page", body = ProductPage),
        ReadProblems,
    ),
)]
#[get("/products")]
async fn list_products(
    service: Data<ProductService>,
    QueryParameters(query): QueryParameters<ListProductsQuery>,
) -> Result<Json<Page<ProductView>>, Problem> {
    let (filter, after) = Position::open(query.filter()?, query.cursor.as_deref())?;
    let products = service.list(&filter, after, query.limit.items_and_one()).await?;
    let currency = service.shop().currency;
    let show = |product| ProductView::new(product, currency);
    Page::close(products, query.limit, &filter, |product: &Product| product.id, show).map(Json)
}

/// Read a product
#[utoipa::path(
    tag = "products",
    params(("id" = ProductId, Path), GetProductQuery),
    responses(
        (status = 200, description = "The product", body = ProductView, headers(("ETag" = String))),
        (status = 404, description = "Unknown or archived", body = ProblemDocument, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/products/{id}")]
async fn get_product(
    service: Data<ProductService>,
    PathId(id): PathId<ProductId>,
    QueryParameters(query): QueryParameters<GetProductQuery>,
) -> Result<HttpResponse, Problem> {
    let product = service.get(id, query.archived.unwrap_or_default()).await?;
    let tag = etag(product.version);
    let view = ProductView::new(product, service.shop().currency);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag)).json(view))
}

/// Replace the catalogue fields of a product
///
/// Stock is not among them; a field that is left out is emptied, but for the stock policy. With If-Match only the version that was read is
/// replaced.
#[utoipa::path(
    tag = "products",
    params(
        ("id" = ProductId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 255 visible characters; a UUID is best"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read"),
    ),
    request_body = ProductBody,
    responses(
        (status = 200, description = "Replaced", body = ProductView, headers(("ETag" = String), ("Idempotent-Replayed" = String))),
        (status = 404, description = "Unknown or archived", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`duplicate_sku`, `duplicate_barcode`, `stock_negative`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "`version_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[put("/products/{id}")]
async fn replace_product(
    service: Data<ProductService>,
    PathId(id): PathId<ProductId>,
    IfMatch(versions): IfMatch,
    Key(key): Key,
    JsonBody(body): JsonBody<ProductBody>,
) -> Result<HttpResponse, Problem> {
    let replacement = body.check(service.shop().currency, versions)?;
    let request = keyed(key, &format!("PUT /products/{id}"), &replacement)?;
    let replaced = service.replace(&request, id, &replacement).await?;
    let tag = etag(replaced.value.version);
    let mut response = answered(StatusCode::OK, &replaced);
    let view = ProductView::new(replaced.value, service.shop().currency);
    Ok(response.insert_header((header::ETAG, tag)).json(view))
}

/// Archive a product
///
/// Orders keep what they sold; SKU and barcode become free.
#[utoipa::path(
    tag = "products",
    params(
        ("id" = ProductId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 255 visible characters; a UUID is best"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read"),
    ),
    responses(
        (status = 204, description = "Archived", headers(("Idempotent-Replayed" = String))),
        (status = 404, description = "Unknown or archived", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "`version_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
        ChangeProblems,
    ),
)]
#[delete("/products/{id}")]
async fn archive_product(
    service: Data<ProductService>,
    PathId(id): PathId<ProductId>,
    IfMatch(versions): IfMatch,
    Key(key): Key,
) -> Result<HttpResponse, Problem> {
    let request = keyed(key, &format!("DELETE /products/{id}"), &versions)?;
    let archived = service.archive(&request, id, versions.as_deref()).await?;
    Ok(answered(StatusCode::NO_CONTENT, &archived).finish())
}
