//! The gateway's routes.

use actix_web::web;

use crate::{forward::forward_request, view};

/// The public routes of both services, and the view of their replicas; wants a `Data<Gateway>` and a
/// `Data<GatewayWorker>`.
pub fn configure(config: &mut web::ServiceConfig) {
    for path in ["/products", "/products/{tail:.*}", "/orders", "/orders/{tail:.*}"] {
        config.route(path, web::to(forward_request));
    }
    config
        .route("/gateway", web::get().to(view::page))
        .route("/gateway/endpoints", web::get().to(view::endpoints));
}
