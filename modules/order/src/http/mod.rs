//! The module's public routes.

use actix_web::web;
use contract::schema::{null, require, split};
use platform::http::no_such_route;
use utoipa::openapi::{OpenApi, schema::Object};
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

/// Narrows the module's part of the document to what is taken.
pub fn describe(document: &mut OpenApi) {
    split(document, "CancelOrderBody", &[by_key, by_id]);
}

fn by_key(body: &mut Object) {
    body.properties.insert("orderId".to_owned(), null());
    require(body, "key");
}

fn by_id(body: &mut Object) {
    body.properties.insert("key".to_owned(), null());
    require(body, "orderId");
}
