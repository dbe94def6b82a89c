//! The products of a shop: put in by `pos import products`, read back through its API.

use std::{fmt::Write as _, fs, net::SocketAddr, sync::Arc};

use anyhow::Context;
use serde_json::Value;
use uuid::Uuid;

use super::Ground;
use crate::load::Connection;

/// As many as one movement may bring.
const STOCK: u32 = 1_000_000;
/// Times that the hot product gets so many more: no run sells them all.
const REFILLS: u32 = 50;
const PAGE: usize = 200;

/// Into the database that the settings name.
pub fn import(ground: &Ground, products: usize, settings: &[(&str, String)]) -> anyhow::Result<()> {
    let mut sheet = String::from("name,price,sku,stock\n");
    for number in 1..=products {
        writeln!(sheet, "Product number {number},2.50,SKU-{number:07},{STOCK}")?;
    }
    let file = ground.directory.join("products.csv");
    fs::write(&file, sheet)?;
    ground.pos("import", &["import", "products", &file.display().to_string()], settings).run()
}

/// Makes a product one that can be sold all the time.
pub async fn refill(service: SocketAddr, product: Uuid) -> anyhow::Result<()> {
    let mut connection = Connection::open(service).await?;
    let body = format!(r#"{{"quantity":{STOCK},"reason":"receive"}}"#);
    for _ in 0..REFILLS {
        let request = format!(
            "POST /products/{product}/stock/adjustments HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             idempotency-key: {}\r\ncontent-length: {}\r\n\r\n{body}",
            Uuid::from_u128(fastrand::u128(..)),
            body.len()
        );
        let answer = connection.ask(request.as_bytes()).await?;
        anyhow::ensure!(answer.status == 201, "stock is answered {}", String::from_utf8_lossy(answer.body));
    }
    Ok(())
}

/// Their ids, up to so many.
pub async fn ids(service: SocketAddr, at_most: usize) -> anyhow::Result<Arc<[Uuid]>> {
    let mut ids = Vec::new();
    let mut connection = Connection::open(service).await?;
    let mut path = Some(format!("/products?limit={PAGE}"));
    while let Some(of_page) = path.filter(|_| ids.len() < at_most) {
        let (some, next) = page(&mut connection, &of_page).await?;
        ids.extend(some);
        path = next;
    }
    anyhow::ensure!(!ids.is_empty(), "the shop has no products");
    Ok(ids.into())
}

/// The paths of up to so many pages, from places all over the list of so many products.
pub async fn pages(service: SocketAddr, products: usize, at_most: usize) -> anyhow::Result<Arc<[String]>> {
    let limit = format!("limit={PAGE}&");
    let one_in = (products / PAGE / at_most).max(1);
    let mut connection = Connection::open(service).await?;
    let mut paths = Vec::new();
    let mut path = Some(format!("/products?limit={PAGE}"));
    for number in 1..=one_in * at_most {
        let Some(of_page) = path else { break };
        path = page(&mut connection, &of_page).await?.1;
        if number % one_in == 0 {
            // a cursor does not say how long a page is
            paths.extend(path.as_ref().map(|next| next.replace(&limit, "")));
        }
    }
    anyhow::ensure!(!paths.is_empty(), "the catalogue has but {one_in} pages");
    Ok(paths.into())
}

/// The ids of a page, and the path of the next one.
async fn page(connection: &mut Connection, path: &str) -> anyhow::Result<(Vec<Uuid>, Option<String>)> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n");
    let answer = connection.ask(request.as_bytes()).await?;
    anyhow::ensure!(answer.status == 200, "{path} is answered {}", answer.status);
    let page: Value = serde_json::from_slice(answer.body)?;
    let items = page["items"].as_array().context("a list has items")?;
    let id = |item: &Value| anyhow::Ok(Uuid::parse_str(item["id"].as_str().context("a product has an id")?)?);
    let ids = items.iter().map(id).collect::<anyhow::Result<_>>()?;
    let first = path
        .split(['&', '?'])
        .take(2)
        .filter(|part| !part.starts_with("cursor="))
        .collect::<Vec<_>>()
        .join("?");
    let joint = if first.contains('?') { '&' } else { '?' };
    Ok((ids, page["nextCursor"].as_str().map(|next| format!("{first}{joint}cursor={next}"))))
}
