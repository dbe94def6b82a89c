//! The module's routes.

mod bodies;
mod describe;
mod internal;
mod problem;
mod products;
mod queries;
mod stock;
mod views;

use actix_web::web;
pub use describe::describe;
use utoipa_actix_web::service_config::ServiceConfig;

/// What is public; wants a `Data<ProductService>`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(products::create_product)
        .service(products::list_products)
        .service(products::get_product)
        .service(products::replace_product)
        .service(products::archive_product)
        .service(stock::get_stock)
        .service(stock::count_stock)
        .service(stock::adjust_stock)
        .service(stock::deduct_stock)
        .service(stock::list_movements);
}

/// What order services ask, on the product role alone; not public, so not in the API document.
pub fn configure_internal(config: &mut ServiceConfig) {
    config
        .route("/internal/shop", web::get().to(internal::get_shop))
        .route("/internal/deductions/{id}", web::put().to(internal::decide_order))
        .route("/internal/deductions/{id}/refuse", web::post().to(internal::refuse_order));
}
