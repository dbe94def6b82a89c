//! The module's public routes.

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
        .service(list::list_orders)
        .service(read::get_order);
}
