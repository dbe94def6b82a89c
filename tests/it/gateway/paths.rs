//! Paths: what is not plainly a public route never reaches a replica, and `/internal` by no spelling.

use super::{
    replica::Replica,
    rig::{RARE_CHECKS, Rig},
};

fn targets(rig: &Rig) -> Vec<String> {
    let replicas = rig.orders.iter().chain([&rig.product]);
    let seen = replicas.flat_map(Replica::take_seen);
    seen.map(|seen| seen.target().to_owned()).collect()
}

async fn status(rig: &Rig, target: &str) -> u16 {
    let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n");
    let answer = rig.wire().await.ask(&request).await;
    answer.map_or(400, |answer| answer.status())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_internal_is_reached_by_any_spelling() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    for target in [
        "/internal",
        "/internal/deductions/1",
        "/Internal/deductions/1",
        "/%69nternal/deductions/1",
        "/i%6eternal/deductions/1",
        "//internal/deductions/1",
        "///internal",
        "/./internal",
        "/../internal",
        "/;/internal",
        "/products/../internal/deductions/1",
        "/products/./../internal",
        "/products/%2e%2e/internal/deductions/1",
        "/products/%2E%2E/internal",
        "/products/.%2e/internal",
        "/products/%252e%252e/internal",
        "/products/..%2finternal",
        "/products/..%5cinternal",
        "/products/..\\internal",
        "/products%2f..%2finternal",
        "/products//internal",
        "/products/..;/internal",
        "/orders/../../internal",
        "/orders/%00/../internal",
        "/orders/%0d%0ax",
        "/orders/%2e",
        "/orders/.",
        "/orders/..",
        "http://x/internal/deductions/1",
        "http://product.test/internal/deductions/1",
        "http://x/products/../internal",
        "http://x//internal",
        "https://x/internal",
        "*",
        "internal",
        "/productsX",
        "/ordersX/1",
        "/readyz/../internal",
    ] {
        let status = status(&rig, target).await;
        assert!([400, 404].contains(&status), "{target}: {status}");
        let targets = targets(&rig);
        assert!(targets.is_empty(), "{target}: {targets:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_public_travels_as_it_was_written() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    for target in [
        "/products",
        "/products/",
        "/products/1/stock/movements?limit=2&cursor=a%2Fb",
        "/products?search=caf%C3%A9+au%20lait&x=../internal",
        "/orders/cancellations",
        "/orders?key=a//b",
    ] {
        assert_eq!(status(&rig, target).await, 200, "{target}");
        assert_eq!(targets(&rig), [target]);
    }
    // a full URL names the host; what is behind it reads the path alone
    assert_eq!(status(&rig, "http://shop.example/orders/1?a=b").await, 200);
    let seen = rig.orders[0].take_seen();
    assert_eq!(seen[0].target(), "/orders/1?a=b");
    assert_eq!(seen[0].one("host"), "shop.example");
    // what a browser keeps to itself does not travel
    let status = status(&rig, "/orders/1#/../internal").await;
    assert!(targets(&rig).iter().all(|target| status == 200 && target == "/orders/1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_gets_its_own() {
    let rig = Rig::start(1, &[RARE_CHECKS]).await;
    let service = rig.service();
    service.get("/products/1").await.with_status(200);
    service.get("/orders/1").await.with_status(200);
    assert_eq!(rig.product.take_seen()[0].target(), "/products/1");
    assert_eq!(rig.orders[0].take_seen()[0].target(), "/orders/1");
    service.get("/registers").await.with_problem(404, "not_found");
    service.get("/").await.with_problem(404, "not_found");
    assert!(targets(&rig).is_empty());
}
