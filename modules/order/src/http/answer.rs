//! Answers about an order, marked when they are those of an earlier request.

use actix_web::{
    HttpResponse,
    http::header::{self, HeaderName, HeaderValue},
};
use contract::Currency;
use platform::{idempotency::REPLAYED_HEADER, problem::Problem};

use super::document::OrderDocument;
use crate::model::Order;

pub fn created(order: &Order, currency: Currency, replayed: bool) -> HttpResponse {
    let location = format!("/orders/{}", order.id);
    let response = HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(OrderDocument::of(order, currency));
    marked(response, replayed)
}

pub fn ok(order: &Order, currency: Currency, replayed: bool) -> HttpResponse {
    marked(
        HttpResponse::Ok().json(OrderDocument::of(order, currency)),
        replayed,
    )
}

pub fn problem(problem: Problem, replayed: bool) -> HttpResponse {
    marked(HttpResponse::from_error(problem), replayed)
}

fn marked(mut response: HttpResponse, replayed: bool) -> HttpResponse {
    if replayed {
        let name = HeaderName::from_static(REPLAYED_HEADER);
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static("true"));
    }
    response
}
