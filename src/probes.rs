//! The operational routes of every role, as the API description shows them.

use actix_web::{HttpResponse, get, web::Data};
use platform::{
    http::{self, Readiness},
    metrics::Metrics,
    problem::Problem,
};
use utoipa_actix_web::service_config::ServiceConfig;

/// The document that `/openapi.json` answers.
pub struct ApiDocument(pub String);

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(livez).service(readyz).service(metrics).service(openapi);
}

/// Whether the process serves
#[utoipa::path(tag = "operations", responses((status = 200, description = "It does", body = inline(serde_json::Value))))]
#[get("/livez")]
async fn livez() -> HttpResponse {
    http::livez().await
}

/// Whether the process wants requests
///
/// `waitsFor` names its databases (`ok` or `away`), which decide, and the services it asks (`ok` or `degraded`), which
/// do not.
#[utoipa::path(tag = "operations", responses(
    (status = 200, description = "It does", body = inline(serde_json::Value)),
    (status = 503, description = "A database is away, or the process is about to stop", body = inline(serde_json::Value)),
))]
#[get("/readyz")]
async fn readyz(readiness: Data<Readiness>) -> HttpResponse {
    http::readyz(readiness).await
}

/// Figures in Prometheus' text format
#[utoipa::path(tag = "operations", responses((status = 200, description = "The figures", body = String, content_type = "application/openmetrics-text")))]
#[get("/metrics")]
async fn metrics(figures: Data<Metrics>) -> Result<HttpResponse, Problem> {
    http::metrics_page(figures).await
}

/// This document
#[utoipa::path(tag = "operations", responses((status = 200, description = "OpenAPI 3.1", body = inline(serde_json::Value))))]
#[get("/openapi.json")]
async fn openapi(document: Data<ApiDocument>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.0.clone())
}
