//! Lists of products: filters, pages, cursors.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::shop::{
    Shape::{self, AllOnPostgres, AllOnSqlite, Split},
    Shop, barcode, text, unique,
};

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| text(&item["id"])).collect()
}

async fn found(shop: &Shop, query: &str) -> Vec<String> {
    ids(&Shop::walk(&shop.product, &format!("/products?{query}")).await)
}

#[rstest]
#[tokio::test]
async fn pages_bring_every_product_once(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let category = unique("walk").replace(' ', "-");
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(shop.make_product_id(json!({ "category": category })).await);
    }
    let query = format!("category={category}");

    for limit in [1, 2, 3, 6, 7, 8] {
        assert_eq!(found(&shop, &format!("{query}&limit={limit}")).await, made, "limit {limit}");
    }

    let page = shop.product.get(&format!("/products?{query}&limit=7")).await.with_status(200);
    assert_eq!(page["nextCursor"], Value::Null, "the last page says so, also when it is full");
    let page = shop.product.get(&format!("/products?{query}&limit=3")).await.with_status(200);
    let cursor = text(&page["nextCursor"]);
    let other = format!("/products?category=other&cursor={cursor}");
    shop.product.get(&other).await.with_malformed("parameter", "cursor");
    let same =
        shop.product.get(&format!("/products?{query}&limit=200&cursor={cursor}")).await.with_status(200);
    assert_eq!(ids(same["items"].as_array().unwrap()), made[3..]);
}

#[rstest]
#[tokio::test]
async fn a_page_has_fifty_items_unless_said(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    for _ in 0..51 {
        shop.make_product(json!({})).await;
    }

    let page = shop.product.get("/products").await.with_status(200);

    assert_eq!(page["items"].as_array().unwrap().len(), 50);
    assert!(page["nextCursor"].is_string());
    let all = found(&shop, "limit=20").await;
    assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "no product comes twice");
}

#[rstest]
#[tokio::test]
async fn search_finds_words_of_the_name_and_the_prefix_of_the_last(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let mark = unique("").trim().to_owned();
    let named = |name: &str| json!({ "name": format!("{name} {mark}") });
    let latte = shop.make_product_id(named("Große Latte")).await;
    let mocha = shop.make_product_id(named("Große Mocha-Torte 100%")).await;
    let search = async |text: &str| found(&shop, &format!("search={text}")).await;

    assert_eq!(search(&mark).await, [latte.as_str(), mocha.as_str()]);
    assert_eq!(search(&format!("{mark} gro%C3%9Fe LATT")).await, [latte.as_str()]);
    assert_eq!(search(&format!("torte {}", &mark[..10])).await, [mocha.as_str()]);
    assert_eq!(
        search(&format!("tort {mark}")).await,
        Vec::<String>::new(),
        "only the last word may be a prefix"
    );
    assert_eq!(search(&format!("{mark} 100%25")).await, [mocha.as_str()]);
    assert_eq!(search(&format!("{mark} atte")).await, Vec::<String>::new());
}

#[rstest]
#[tokio::test]
async fn search_knows_no_case_and_no_accents_and_follows_the_name(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let mark = unique("").trim().to_owned();
    let name = format!("Crème Brûlée {mark}");
    let id = shop.make_product_id(json!({ "name": name })).await;
    let search = async |text: &str| found(&shop, &format!("search={text}")).await;

    assert_eq!(search(&format!("{mark} creme BRUL")).await, [id.as_str()]);
    assert_eq!(search(&format!("{mark} CR%C3%88ME")).await, [id.as_str()]);
    assert_eq!(search(&format!("{mark} cre%CC%80me")).await, [id.as_str()], "an accent of its own");

    let renamed = json!({ "name": format!("Îles flottantes {mark}"), "price": "4.20" });
    shop.product.put(&format!("/products/{id}"), &renamed).await.with_status(200);
    assert_eq!(search(&format!("{mark} iles")).await, [id.as_str()]);
    assert_eq!(search(&format!("{mark} creme")).await, Vec::<String>::new());

    shop.product.delete(&format!("/products/{id}")).await.with_status(204);
    assert_eq!(search(&mark).await, Vec::<String>::new());
    assert_eq!(search(&format!("{mark}&archived=true")).await, [id]);
}

#[rstest]
#[tokio::test]
async fn filters_by_stock_policy_and_what_is_sold_below_zero(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let category = unique("flag").replace(' ', "-");
    let with = |policy: &str| json!({ "stock": 1, "stockPolicy": policy, "category": category });
    let flag = shop.make_product_id(with("flag")).await;
    shop.make_product(with("deny")).await;
    let query = |filter: &str| format!("category={category}&{filter}");

    assert_eq!(found(&shop, &query("stockPolicy=flag")).await, [flag.as_str()]);
    assert_eq!(found(&shop, &query("flagged=true")).await, Vec::<String>::new());
    shop.place(&[(&flag, 2.0)]).await.with_status(201);
    assert_eq!(found(&shop, &query("flagged=true")).await, [flag.as_str()]);
    assert!(found(&shop, "flagged=true").await.contains(&flag));
}

#[rstest]
#[tokio::test]
async fn filters_by_sku_barcode_and_archived(#[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape) {
    let shop = shape.start().await;
    let (sku, barcode) = (unique("S").replace(' ', "-"), barcode());
    let id = shop.make_product_id(json!({ "sku": sku, "barcode": barcode })).await;
    shop.make_product(json!({})).await;

    assert_eq!(found(&shop, &format!("sku={sku}")).await, [id.as_str()]);
    assert_eq!(found(&shop, &format!("barcode={barcode}")).await, [id.as_str()]);
    assert_eq!(found(&shop, &format!("barcode={barcode}&sku=another")).await, Vec::<String>::new());

    shop.product.delete(&format!("/products/{id}")).await.with_status(204);
    assert_eq!(found(&shop, &format!("sku={sku}")).await, Vec::<String>::new());
    assert_eq!(found(&shop, &format!("sku={sku}&archived=true")).await, [id]);
}

#[rstest]
#[tokio::test]
async fn low_stock_is_at_or_below_the_reorder_level(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let category = unique("low").replace(' ', "-");
    let with =
        |stock: f64, level: Value| json!({ "stock": stock, "reorderLevel": level, "category": category });
    let at = shop.make_product_id(with(5.0, json!(5))).await;
    let above = shop.make_product_id(with(5.001, json!(5))).await;
    let no_level = shop.make_product_id(with(0.0, Value::Null)).await;

    assert_eq!(found(&shop, &format!("category={category}&lowStock=true")).await, [at.as_str()]);
    let rest = found(&shop, &format!("category={category}&lowStock=false")).await;
    assert_eq!(rest, [above.as_str(), no_level.as_str()]);

    shop.place(&[(&above, 0.001)]).await.with_status(201);
    assert_eq!(found(&shop, &format!("category={category}&lowStock=true")).await, [at, above]);
}

#[rstest]
#[tokio::test]
async fn refuses_what_it_does_not_understand(#[values(AllOnSqlite, Split)] shape: Shape) {
    let shop = shape.start().await;
    for (query, name) in [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("limit=-1", "limit"),
        ("lowStock=maybe", "lowStock"),
        ("archived=", "archived"),
        ("limit=1&limit=2", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=eyJhIjoxfQ", "cursor"),
    ] {
        shop.product.get(&format!("/products?{query}")).await.with_malformed("parameter", name);
    }
    for (query, name) in
        [("limit=0", "limit"), ("cursor=nonsense", "cursor"), ("status=lost", "status"), ("x=1", "x")]
    {
        shop.order().get(&format!("/orders?{query}")).await.with_malformed("parameter", name);
    }
    let id = shop.make_product_id(json!({})).await;
    let movements = format!("/products/{id}/stock/movements");
    shop.product.get(&format!("{movements}?limit=0")).await.with_malformed("parameter", "limit");
    shop.product.get(&format!("{movements}?cursor=x")).await.with_malformed("parameter", "cursor");
    shop.product.get(&format!("/products/{id}?fields=all")).await.with_malformed("parameter", "fields");
}

/// What the server would never write into a cursor, nor take as a parameter.
#[rstest]
#[tokio::test]
async fn hostile_filters_and_forged_cursors_are_refused_and_harm_nobody(
    #[values(AllOnSqlite, AllOnPostgres, Split)] shape: Shape,
) {
    let shop = shape.start().await;
    let thousands_of_words = "a+".repeat(10_000);
    for (query, name) in [
        (format!("search={thousands_of_words}"), "search"),
        (format!("search={}", "a+".repeat(17)), "search"),
        ("search=!!!".to_owned(), "search"),
        ("sku=%00".to_owned(), "sku"),
        ("category=x%00y".to_owned(), "category"),
        (format!("barcode={}", "9".repeat(201)), "barcode"),
    ] {
        shop.product.get(&format!("/products?{query}")).await.with_malformed("parameter", name);
    }
    let product_filter = |words: &Value, sku: &str| {
        json!({ "words": words, "sku": sku, "barcode": null, "category": null, "stockPolicy": null,
                "lowStock": null, "flagged": null, "archived": false })
    };
    let after = "01a20f90-dbea-71d2-90df-dfa427e0efa4";
    let words: Vec<&str> = vec!["a"; 1000];
    for filter in [product_filter(&json!([]), "a\0b"), product_filter(&json!(words), "a")] {
        let cursor = forged(&json!({ "filter": filter, "after": after }));
        shop.product.get(&format!("/products?cursor={cursor}")).await.with_malformed("parameter", "cursor");
    }
    let now = "2026-11-24T00:00:00Z";
    for (filter, created_at) in
        [(json!({ "key": "0123456789abcdef\0" }), now), (json!({}), "-262000-01-01T00:00:00Z")]
    {
        let position = json!({ "created_at": created_at, "id": after });
        let cursor = forged(&json!({ "filter": filter, "after": position }));
        shop.order().get(&format!("/orders?cursor={cursor}")).await.with_malformed("parameter", "cursor");
    }
    shop.product.get("/livez").await.with_status(200);
}

fn forged(position: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(position.to_string())
}
