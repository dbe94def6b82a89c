//! What the gateway shows of itself.

use serde_json::json;

use super::{
    replica::Act,
    rig::{RARE_CHECKS, Rig},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_is_shown_with_its_state() {
    let rig = Rig::start(2, &[RARE_CHECKS]).await;
    rig.service().get("/orders/1").await.with_status(200);
    let view = rig.view().await;
    assert_eq!((&view[0]["service"], &view[1]["service"]), (&json!("product"), &json!("order")));
    assert_eq!(view[1]["endpoints"].as_array().unwrap().len(), 2);
    let mut requests = 0;
    for endpoint in view[1]["endpoints"].as_array().unwrap() {
        assert_eq!(endpoint["state"], "ready");
        assert_eq!((&endpoint["inFlight"], &endpoint["ejections"]), (&json!(0), &json!(0)));
        assert!(endpoint["latencyMs"].as_f64().unwrap() > 0.0);
        requests += endpoint["requests"].as_u64().unwrap();
    }
    assert_eq!(requests, 1);

    let page = rig.service().get("/gateway").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text.contains("/gateway/endpoints"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_tell_tries_retries_ejections_and_look_ups() {
    let mut rig = Rig::start(2, &[RARE_CHECKS]).await;
    let service = rig.service();
    rig.orders[1].refuse().await;
    for _ in 0..20 {
        service.get("/orders/1").await.with_status(200);
    }
    rig.orders[0].next(Act::SendAndClose(vec![]));
    service.get("/orders/1").await.with_status(200);
    let figures = service.get("/metrics").await.text;
    for name in [
        "pos_gateway_exchanges_total{service=\"order\"",
        "outcome=\"200\"",
        "outcome=\"refused\"",
        "outcome=\"broken\"",
        "pos_gateway_exchange_duration_seconds_bucket{",
        "pos_gateway_ejections_total{service=\"order\"",
        "pos_gateway_retries_total{service=\"order\",reason=\"nothing_happened\"",
        "pos_gateway_retries_total{service=\"order\",reason=\"no_answer\"",
        "pos_gateway_resolutions_total{service=\"order\",outcome=\"found\"",
        "pos_http_requests_total{method=\"GET\",route=\"/orders/{tail:.*}\",status=\"200\"}",
    ] {
        assert!(figures.contains(name), "{name}");
    }
}
