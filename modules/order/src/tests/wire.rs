//! The routes, as an integrator meets them.

use actix_web::{
    App,
    http::{StatusCode, header::HeaderMap},
    test::{self, TestRequest},
    web::Data,
};
use serde_json::{Value, json};
use utoipa_actix_web::AppExt;

use super::{
    shelf::Mood,
    support::{TestShop, key},
};
use crate::http;

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

async fn exchange(shop: &TestShop, request: TestRequest) -> Reply {
    let app =
        App::new().app_data(Data::new(shop.orders.clone())).into_utoipa_app().configure(http::configure);
    let app = test::init_service(app.into_app()).await;
    let response = test::call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = test::read_body(response).await;
    Reply { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
}

async fn post(shop: &TestShop, path: &str, name: &str, body: Value) -> Reply {
    let key = key(name);
    exchange(
        shop,
        TestRequest::post().uri(path).insert_header(("Idempotency-Key", key.as_str())).set_json(body),
    )
    .await
}

async fn get(shop: &TestShop, path: &str) -> Reply {
    exchange(shop, TestRequest::get().uri(path)).await
}

#[actix_web::test]
async fn sells_answers_repeats_and_reads_back() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    let body = json!({"items": [{"productId": coffee, "quantity": 0.35, "expectedUnitPrice": "3.80"}]});
    let first = post(&shop, "/orders", "a", body.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let path = format!("/orders/{}", first.body["id"].as_str().unwrap());
    assert_eq!((first.header("location"), first.header("idempotent-replayed")), (Some(path.as_str()), None));
    let item = json!({"productId": coffee, "name": "Flat white", "sku": "FW-1", "quantity": 0.35, "unitPrice": "3.80", "total": "1.33"});
    assert_eq!(first.body["items"], json!([item]));
    assert_eq!((&first.body["total"], &first.body["status"]), (&json!("1.33"), &json!("confirmed")));
    assert_eq!(first.body["key"], key("a").as_str());

    let repeat = post(&shop, "/orders", "a", body).await;
    assert_eq!((repeat.status, repeat.header("idempotent-replayed")), (StatusCode::CREATED, Some("true")));
    assert_eq!(repeat.body, first.body);
    assert_eq!(get(&shop, &path).await.body, first.body);
    let found = get(&shop, &format!("/orders?key={}", key("a"))).await;
    assert_eq!(found.body, json!({"items": [first.body], "nextCursor": null}));
}

#[actix_web::test]
async fn tells_why_an_order_was_not_sold() {
    let shop = TestShop::open().await;
    let (coffee, tea) = (shop.shelf.put(1, 1000), shop.shelf.put(2, 5000));
    let body = json!({"items": [{"productId": tea, "quantity": 1, "expectedUnitPrice": 3.5}, {"productId": coffee, "quantity": "2"}]});
    let first = post(&shop, "/orders", "a", body.clone()).await;
    assert_eq!((first.status, &first.body["code"]), (StatusCode::CONFLICT, &json!("insufficient_stock")));
    let shortages = json!([{"pointer": "/items/1", "productId": coffee, "requested": 2, "available": 1}]);
    let changes = json!([{"pointer": "/items/0", "productId": tea, "expectedUnitPrice": "3.50", "currentUnitPrice": "3.80"}]);
    assert_eq!((&first.body["shortages"], &first.body["priceChanges"]), (&shortages, &changes));
    assert!(first.body.get("unavailable").is_none());

    let repeat = post(&shop, "/orders", "a", body).await;
    assert_eq!((repeat.status, repeat.header("idempotent-replayed")), (StatusCode::CONFLICT, Some("true")));
    let order = get(&shop, &format!("/orders/{}", first.body["orderId"].as_str().unwrap())).await.body;
    assert_eq!(
        order["rejection"],
        json!({"code": "insufficient_stock", "shortages": shortages, "priceChanges": changes})
    );
    assert_eq!((&order["status"], &order["total"]), (&json!("rejected"), &Value::Null));
    assert_eq!(order["items"][0], json!({"productId": tea, "quantity": 1, "expectedUnitPrice": "3.50"}));
}

#[actix_web::test]
async fn says_that_the_outcome_is_unknown_and_takes_a_cancellation() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    shop.shelf.mood.set(Mood::Silent);
    let body = json!({"items": [{"productId": coffee, "quantity": 1}]});
    let unknown = post(&shop, "/orders", "a", body.clone()).await;
    assert_eq!((unknown.status, unknown.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("1")));
    assert_eq!(
        (&unknown.body["code"], &unknown.body["outcome"]),
        (&json!("outcome_unknown"), &json!("unknown"))
    );
    shop.shelf.mood.set(Mood::Well);
    let cancelled =
        post(&shop, "/orders/cancellations", "c", json!({"orderId": unknown.body["orderId"]})).await;
    assert_eq!((cancelled.status, &cancelled.body["status"]), (StatusCode::OK, &json!("cancelled")));
    let late = post(&shop, "/orders", "a", body.clone()).await;
    assert_eq!((late.status, &late.body["code"]), (StatusCode::CONFLICT, &json!("order_cancelled")));

    let sold = post(&shop, "/orders", "b", body).await.body;
    let too_late = post(&shop, "/orders/cancellations", "d", json!({"key": key("b").as_str()})).await;
    assert_eq!(
        (too_late.status, &too_late.body["code"]),
        (StatusCode::CONFLICT, &json!("already_confirmed"))
    );
    assert_eq!(too_late.body["orderId"], sold["id"]);
}

#[actix_web::test]
async fn refuses_what_is_not_a_request() {
    let shop = TestShop::open().await;
    let bodies = [
        (json!({"items": [{"productId": "x", "quantity": -1}]}), "/items/0/productId"),
        (json!({"items": [{"productId": "x", "quantity": 1, "price": 1}]}), "/items/0/price"),
        (json!({"items": [["x", 1]]}), "/items/0"),
        (json!({"items": []}), "/items"),
        (json!({"items": [], "note": ""}), "/note"),
        (json!({"items": [{"productId": "x", "quantity": true}]}), "/items/0/quantity"),
    ];
    for (body, pointer) in bodies {
        let reply = post(&shop, "/orders", "a", body).await;
        assert_eq!((reply.status.as_u16(), &reply.body["code"]), (422, &json!("invalid")), "{pointer}");
        assert_eq!(reply.body["errors"][0]["pointer"], pointer);
    }
    for (path, parameter) in [
        ("/orders?limit=0", "limit"),
        ("/orders?limit=201", "limit"),
        ("/orders?limit=many", "limit"),
        ("/orders?status=open", "status"),
        ("/orders?from=today", "from"),
        ("/orders?to=2026-11-24", "to"),
        ("/orders?key=x", "key"),
        ("/orders?state=x", "state"),
        ("/orders?cursor=x", "cursor"),
    ] {
        let reply = get(&shop, path).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["errors"][0]["parameter"]),
            (400, &json!(parameter)),
            "{path}"
        );
    }
    assert_eq!(get(&shop, "/orders/x").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        get(&shop, "/orders/00000000-0000-0000-0000-000000000000").await.status,
        StatusCode::NOT_FOUND
    );
    let keyless = exchange(&shop, TestRequest::post().uri("/orders").set_json(json!({"items": []}))).await;
    assert_eq!(keyless.body["errors"][0]["header"], "Idempotency-Key");
}

#[actix_web::test]
async fn a_cursor_leads_through_the_filtered_history() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    for name in ["a", "b", "c"] {
        post(&shop, "/orders", name, json!({"items": [{"productId": coffee, "quantity": 1}]})).await;
    }
    let first = get(&shop, "/orders?status=confirmed&limit=2").await.body;
    let cursor = first["nextCursor"].as_str().unwrap();
    let last = get(&shop, &format!("/orders?limit=2&cursor={cursor}")).await.body;
    assert_eq!((first["items"].as_array().unwrap().len(), last["items"].as_array().unwrap().len()), (2, 1));
    assert_eq!(last["nextCursor"], Value::Null);
    let other = get(&shop, &format!("/orders?status=rejected&cursor={cursor}")).await;
    assert_eq!((other.status.as_u16(), &other.body["errors"][0]["parameter"]), (400, &json!("cursor")));
}

#[actix_web::test]
async fn nobody_works_past_what_the_caller_waits() {
    let shop = TestShop::open().await;
    let coffee = shop.shelf.put(1, 5000);
    shop.shelf.mood.set(Mood::Silent);
    let items = json!([{"productId": coffee, "quantity": 1}]);
    for (path, name, body) in [
        ("/orders", "sale", json!({"items": items})),
        ("/orders/cancellations", "cancellation", json!({"key": key("sale").as_str()})),
    ] {
        let request = TestRequest::post()
            .uri(path)
            .insert_header(("Idempotency-Key", key(name).as_str()))
            .insert_header(("Pos-Deadline-Ms", "0"))
            .set_json(body);
        let reply = exchange(&shop, request).await;
        assert_eq!((reply.status.as_u16(), &reply.body["outcome"]), (503, &json!("unknown")));
        let order = shop.orders.shop().order_id(&key("sale"));
        assert_eq!(reply.body["orderId"], json!(order));
    }
}
