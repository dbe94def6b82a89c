//! Products: create, read, replace, archive.

use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::client::fresh_key;
use crate::support::shop::{
    Shape::{self, AllOnPostgres, AllOnSqlite, Split},
    barcode, text, unique,
};

#[rstest]
#[tokio::test]
async fn creates_a_product_and_reads_it_back(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let new = json!({
        "name": "Flat white", "price": "3.80", "sku": unique("FW"), "barcode": barcode(), "category": "coffee",
        "stock": 40, "stockPolicy": "deny", "reorderLevel": 5,
    });

    let reply = shop.product.post("/products", &new).await;

    assert_eq!(reply.header("etag"), Some("\"1\""));
    let location = reply.header("location").unwrap().to_owned();
    let made = reply.with_status(201);
    let id = text(&made["id"]);
    assert!(location.ends_with(&format!("/products/{id}")), "{location}");
    assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    for (name, value) in new.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(
        (&made["currency"], &made["archived"], &made["version"]),
        (&json!("EUR"), &json!(false), &json!(1))
    );
    for time in ["createdAt", "updatedAt"] {
        assert!(chrono::DateTime::parse_from_rfc3339(made[time].as_str().unwrap()).is_ok(), "{}", made[time]);
    }
    let read = shop.product.get(&format!("/products/{id}")).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.with_status(200), made);
}

#[rstest]
#[tokio::test]
async fn a_product_needs_a_name_and_a_price_alone(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;

    let made =
        shop.product.post("/products", &json!({ "name": "Tap water", "price": 0.5 })).await.with_status(201);

    assert_eq!(
        (&made["price"], &made["stock"], &made["stockPolicy"]),
        (&json!("0.50"), &json!(0), &json!("deny"))
    );
    for absent in ["sku", "barcode", "category", "reorderLevel"] {
        assert_eq!(made[absent], Value::Null, "{absent}");
    }
    assert_eq!(shop.ledger(&text(&made["id"])).await, Vec::<Value>::new(), "nothing moved");
}

#[rstest]
#[tokio::test]
async fn replaces_the_catalogue_fields_and_leaves_stock(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let made = shop.make_product(json!({ "sku": unique("OLD"), "category": "cold", "stock": 7 })).await;
    let path = format!("/products/{}", text(&made["id"]));
    let new = json!({ "name": "Iced latte", "price": "4.20", "barcode": barcode(), "stockPolicy": "allow" });

    let reply = shop.product.put(&path, &new).header("if-match", "\"1\"").await;

    assert_eq!(reply.header("etag"), Some("\"2\""));
    let replaced = reply.with_status(200);
    for (name, value) in new.as_object().unwrap() {
        assert_eq!(&replaced[name], value, "{name}");
    }
    for absent in ["sku", "category", "reorderLevel"] {
        assert_eq!(replaced[absent], Value::Null, "what a replacement leaves out is gone: {absent}");
    }
    assert_eq!((&replaced["stock"], &replaced["version"]), (&json!(7), &json!(2)));
    assert_eq!(replaced["createdAt"], made["createdAt"]);
    assert_eq!(shop.product.get(&path).await.with_status(200), replaced);
}

#[rstest]
#[tokio::test]
async fn if_match_lets_no_edit_overwrite_another(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let made = shop.make_product(json!({})).await;
    let path = format!("/products/{}", text(&made["id"]));
    let new = json!({ "name": "First", "price": "1.00" });
    let edit = |tag: &str| shop.product.put(&path, &new).header("if-match", tag);
    edit("\"1\"").await.with_status(200);

    edit("\"1\"").await.with_problem(412, "version_mismatch");
    shop.product.delete(&path).header("if-match", "\"1\"").await.with_problem(412, "version_mismatch");
    edit("\"7\", \"2\"").await.with_status(200);
    edit("*").await.with_status(200);
    edit("W/\"4\"").await.with_malformed("header", "If-Match");

    assert_eq!(shop.product.get(&path).await.with_status(200)["version"], 4);
}

#[rstest]
#[tokio::test]
async fn a_sale_does_not_change_the_entity_tag(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({})).await;

    shop.place(&[(&id, 1.0)]).await.with_status(201);

    let read = shop.product.get(&format!("/products/{id}")).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.with_status(200)["stock"], 99);
}

#[rstest]
#[tokio::test]
async fn an_archived_product_is_gone_unless_asked_for(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({})).await;
    let path = format!("/products/{id}");

    shop.product.delete(&path).await.with_status(204);

    shop.product.get(&path).await.with_problem(404, "not_found");
    let archived = shop.product.get(&format!("{path}?archived=true")).await.with_status(200);
    assert_eq!((&archived["archived"], &archived["id"]), (&json!(true), &json!(id)));
    let change = json!({ "name": "Back", "price": "1.00" });
    shop.product.put(&path, &change).await.with_problem(404, "not_found");
    shop.product.delete(&path).await.with_problem(404, "not_found");
    shop.product.get(&format!("{path}/stock")).await.with_problem(404, "not_found");
    shop.product
        .put(&format!("{path}/stock"), &json!({ "quantity": 1 }))
        .await
        .with_problem(404, "not_found");
    shop.product
        .post(&format!("{path}/deduct"), &json!({ "quantity": 1 }))
        .await
        .with_problem(404, "not_found");
    let receive = json!({ "quantity": 1, "reason": "receive" });
    shop.product.post(&format!("{path}/stock/adjustments"), &receive).await.with_problem(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn sku_and_barcode_are_unique_among_what_is_not_archived(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let (sku, barcode) = (unique("SKU"), barcode());
    let first = shop.make_product_id(json!({ "sku": sku, "barcode": barcode })).await;
    let other = shop.make_product_id(json!({})).await;
    let create = |field: &str, value: &str| {
        shop.product.post("/products", &json!({ "name": "Twin", "price": "1.00", field: value }))
    };
    let replace = |field: &str, value: &str| {
        let body = json!({ "name": "Twin", "price": "1.00", field: value });
        shop.product.put(&format!("/products/{other}"), &body)
    };

    create("sku", &sku).await.with_problem(409, "duplicate_sku");
    create("barcode", &barcode).await.with_problem(409, "duplicate_barcode");
    replace("sku", &sku).await.with_problem(409, "duplicate_sku");
    replace("barcode", &barcode).await.with_problem(409, "duplicate_barcode");

    shop.product.delete(&format!("/products/{first}")).await.with_status(204);
    let again = create("sku", &sku).await.with_status(201);
    assert_ne!(text(&again["id"]), first);
    replace("barcode", &barcode).await.with_status(200);
}

#[rstest]
#[tokio::test]
async fn amounts_are_read_exactly_and_written_one_way(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    for (given, price) in [
        (json!("12.5"), "12.50"),
        (json!("12"), "12.00"),
        (json!(12.34), "12.34"),
        (json!(0), "0.00"),
        (json!("1000000000.00"), "1000000000.00"),
    ] {
        assert_eq!(shop.make_product(json!({ "price": given })).await["price"], price);
    }
    for (given, stock) in [
        (json!("0.35"), json!(0.35)),
        (json!(2.0), json!(2)),
        (json!(0.1 + 0.2), json!(0.3)),
        (json!(1_000_000), json!(1_000_000)),
        (json!(0.001), json!(0.001)),
    ] {
        assert_eq!(shop.make_product(json!({ "stock": given })).await["stock"], stock);
    }
}

#[rstest]
#[tokio::test]
async fn a_refused_precondition_is_asked_again_under_a_new_key(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    let id = shop.make_product_id(json!({})).await;
    let path = format!("/products/{id}");
    let body = json!({ "name": "Edited", "price": "9.00" });
    let key = fresh_key();
    let edit = |tag: &str| shop.product.put(&path, &body).key(&key).header("if-match", tag);
    edit("\"9\"").await.with_problem(412, "version_mismatch");
    edit("\"1\"").await.with_problem(422, "key_reused");
    shop.product.put(&path, &body).header("if-match", "\"1\"").await.with_status(200);
}
