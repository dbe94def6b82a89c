//! All that the databases hold, in memory.

use std::collections::HashMap;

use uuid::Uuid;

use super::database::Connection;
use crate::shop::Location;

pub struct Books {
    pub products: HashMap<Uuid, Product>,
    pub deductions: HashMap<Uuid, Deduction>,
    pub orders: HashMap<String, Order>,
    /// Rows without the row that they belong to, in words.
    pub strays: Vec<String>,
}

pub struct Product {
    pub sku: Option<String>,
    pub price: i64,
    pub archived: bool,
    pub version: i64,
    pub policy: String,
    pub quantity: i64,
    pub seq: i64,
    /// In the order of their numbers.
    pub movements: Vec<Movement>,
}

pub struct Movement {
    pub seq: i64,
    pub reason: String,
    pub quantity: i64,
    pub before: i64,
    pub after: i64,
    pub order: Option<Uuid>,
    pub note: Option<String>,
}

pub struct Deduction {
    pub outcome: String,
    pub cause: Option<String>,
    pub total: Option<i64>,
    pub lines: Vec<Line>,
}

pub struct Order {
    pub id: Uuid,
    pub status: String,
    pub total: Option<i64>,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub product: Uuid,
    pub quantity: i64,
    pub price: i64,
    pub total: i64,
}

impl Books {
    pub async fn read(product: &Location, order: &Location) -> anyhow::Result<Self> {
        let mut product = Connection::open(product).await?;
        let mut products = read_products(&mut product).await?;
        let mut strays = Vec::new();
        read_movements(&mut product, &mut products, &mut strays).await?;
        let deductions = read_deductions(&mut product, &mut strays).await?;
        let orders = read_orders(&mut Connection::open(order).await?, &mut strays).await?;
        Ok(Self { products, deductions, orders, strays })
    }
}

async fn read_products(database: &mut Connection) -> anyhow::Result<HashMap<Uuid, Product>> {
    let sql = "SELECT p.id, p.sku, p.price_minor, p.archived, p.version, s.policy, s.quantity_milli, s.seq \
               FROM products p JOIN stock s ON s.product_id = p.id";
    let mut products = HashMap::new();
    let read = database.each(sql, |row| {
        let product = Product {
            sku: row.get(1)?,
            price: row.get(2)?,
            archived: row.get(3)?,
            version: row.get(4)?,
            policy: row.get(5)?,
            quantity: row.get(6)?,
            seq: row.get(7)?,
            movements: vec![],
        };
        products.insert(row.get(0)?, product);
        Ok(())
    });
    read.await?;
    Ok(products)
}

async fn read_movements(
    database: &mut Connection,
    products: &mut HashMap<Uuid, Product>,
    strays: &mut Vec<String>,
) -> anyhow::Result<()> {
    let sql = "SELECT product_id, seq, reason, quantity_milli, before_milli, after_milli, order_id, note \
               FROM movements ORDER BY product_id, seq";
    let read = database.each(sql, |row| {
        let movement = Movement {
            seq: row.get(1)?,
            reason: row.get(2)?,
            quantity: row.get(3)?,
            before: row.get(4)?,
            after: row.get(5)?,
            order: row.get(6)?,
            note: row.get(7)?,
        };
        let id = row.get::<Uuid>(0)?;
        match products.get_mut(&id) {
            Some(product) => product.movements.push(movement),
            None => strays.push(format!("a movement of product {id}, which is not there or has no stock")),
        }
        Ok(())
    });
    read.await
}

async fn read_deductions(
    database: &mut Connection,
    strays: &mut Vec<String>,
) -> anyhow::Result<HashMap<Uuid, Deduction>> {
    let mut deductions = HashMap::new();
    let read = database.each("SELECT order_id, outcome, cause, total_minor FROM deductions", |row| {
        let deduction =
            Deduction { outcome: row.get(1)?, cause: row.get(2)?, total: row.get(3)?, lines: vec![] };
        deductions.insert(row.get::<Uuid>(0)?, deduction);
        Ok(())
    });
    read.await?;
    let sql = "SELECT order_id, product_id, quantity_milli, unit_price_minor, total_minor FROM deduction_lines ORDER BY order_id, line_no";
    let read = database.each(sql, |row| {
        let id = row.get::<Uuid>(0)?;
        match deductions.get_mut(&id) {
            Some(deduction) => deduction.lines.push(line(&row)?),
            None => strays.push(format!("a line of deduction {id}, which is not there")),
        }
        Ok(())
    });
    read.await?;
    Ok(deductions)
}

async fn read_orders(
    database: &mut Connection,
    strays: &mut Vec<String>,
) -> anyhow::Result<HashMap<String, Order>> {
    let (mut orders, mut keys) = (HashMap::new(), HashMap::new());
    let read = database.each("SELECT key, id, status, total_minor FROM orders", |row| {
        let order = Order { id: row.get(1)?, status: row.get(2)?, total: row.get(3)?, lines: vec![] };
        keys.insert(order.id, row.get::<String>(0)?);
        orders.insert(row.get::<String>(0)?, order);
        Ok(())
    });
    read.await?;
    let sql = "SELECT order_id, product_id, quantity_milli, unit_price_minor, total_minor FROM order_lines ORDER BY order_id, line_no";
    let read = database.each(sql, |row| {
        let id = row.get::<Uuid>(0)?;
        match keys.get(&id).and_then(|key| orders.get_mut(key)) {
            Some(order) => order.lines.push(line(&row)?),
            None => strays.push(format!("a line of order {id}, which is not there")),
        }
        Ok(())
    });
    read.await?;
    Ok(orders)
}

/// After the order's id.
fn line(row: &super::database::Row) -> anyhow::Result<Line> {
    Ok(Line { product: row.get(1)?, quantity: row.get(2)?, price: row.get(3)?, total: row.get(4)? })
}
