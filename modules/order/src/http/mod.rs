//! The module's public routes.

use actix_web::web;
use platform::http::no_such_route;
use utoipa_actix_web::service_config::ServiceConfig;

mod body;
mod cancel;
mod document;
mod list;
mod place;
mod problem;
mod query;
mod read;

/// Registers the routes; they want the worker's `Data<OrderService>`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(place::create_order)
        .service(cancel::cancel_order)
        // with another method it is no order whose id is 'cancellations'
        .route("/orders/cancellations", web::route().to(no_such_route))
        .service(list::list_orders)
        .service(read::get_order);
}
