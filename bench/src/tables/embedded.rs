//! `all` on SQLite against SQLite itself: the same three transactions in two files, one by one, each made durable.

use std::{
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use super::{
    Bench,
    rounds::{Rounds, ratio},
};
use crate::{
    ground::All,
    load::{Outcome, Work, closed_loop},
    report::{Goal, Report, Section},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seller {
    Ours,
    OneByOne,
}

const SELLERS: [Seller; 2] = [Seller::Ours, Seller::OneByOne];

const ORDER_TABLES: &str = "
    CREATE TABLE orders (id BLOB PRIMARY KEY, status TEXT NOT NULL, created_at TEXT NOT NULL);
    CREATE TABLE lines (order_id BLOB, line_no INTEGER, product_id BLOB NOT NULL, quantity INTEGER NOT NULL,
      PRIMARY KEY (order_id, line_no));";
const PRODUCT_TABLES: &str = "
    CREATE TABLE stock (product_id BLOB PRIMARY KEY, quantity INTEGER NOT NULL CHECK (quantity >= 0),
      seq INTEGER NOT NULL);
    CREATE TABLE ledger (product_id BLOB, seq INTEGER, order_id BLOB NOT NULL, quantity INTEGER NOT NULL,
      at TEXT NOT NULL, PRIMARY KEY (product_id, seq));
    CREATE TABLE decisions (order_id BLOB PRIMARY KEY, outcome TEXT NOT NULL, at TEXT NOT NULL);";

/// A database of orders and one of products, as lean as pgbench's.
struct Files {
    orders: Connection,
    products: Connection,
    count: u64,
}

pub async fn measure(bench: &Bench<'_>, report: &mut Report) -> anyhow::Result<()> {
    let (options, directory) = (bench.options, bench.ground.directory.join("embedded"));
    let all = All::start(bench.ground, &directory, options.products).await?;
    let mut files = Files::make(&directory, options.products)?;
    let work = Work::Sale { products: all.products.clone(), is_hot: false, key: Uuid::now_v7 };
    let measured = Rounds::run(options, &SELLERS, async |seller| match seller {
        Seller::Ours => closed_loop(all.service.at, &work, options.clients, options.round()).await,
        Seller::OneByOne => tokio::task::block_in_place(|| files.sell_for(options.round())),
    })
    .await?;
    let mut section = Section::new(
        "One process on SQLite",
        &format!(
            "`pos` by itself, whole sales of three lines out of {} products by {} clients over HTTP, two \
             files, WAL, synchronous=FULL; against the same SQLite ({}) with prepared statements: the same \
             three transactions, one by one.",
            options.products,
            options.clients,
            rusqlite::version()
        ),
        &["who", "sales/s", "÷ one by one", "p50 ms", "p99 ms"],
    );
    let rate = |run: &Outcome| run.per_second;
    for seller in SELLERS {
        section.row(&[
            seller.to_string(),
            measured.figure(seller, rate).show(0),
            measured.compare(seller, Seller::OneByOne, rate, ratio).show(2),
            measured.figure(seller, |run| run.within_ms(0.5)).show(2),
            measured.figure(seller, |run| run.within_ms(0.99)).show(2),
        ]);
    }
    report.section(section);
    measured.note_failures(report);
    report.goal(Goal::Embedded, measured.compare(Seller::Ours, Seller::OneByOne, rate, ratio));
    Ok(())
}

impl Files {
    fn make(directory: &Path, products: usize) -> anyhow::Result<Self> {
        let orders = open(&directory.join("baseline-orders.db"))?;
        orders.execute_batch(ORDER_TABLES)?;
        let mut database = open(&directory.join("baseline-products.db"))?;
        database.execute_batch(PRODUCT_TABLES)?;
        let transaction = database.transaction()?;
        for number in 0..products as u64 {
            let stock = "INSERT INTO stock VALUES (?1, 1000000000, 0)";
            transaction.prepare_cached(stock)?.execute(params![product_id(number)])?;
        }
        transaction.commit()?;
        Ok(Self { orders, products: database, count: products as u64 })
    }

    fn sell_for(&mut self, lasting: Duration) -> anyhow::Result<Outcome> {
        let begun = Instant::now();
        let mut outcome = Outcome::default();
        while begun.elapsed() < lasting {
            let asked = Instant::now();
            self.sell()?;
            outcome.done.add(asked.elapsed());
        }
        outcome.per_second = outcome.done.count() as f64 / begun.elapsed().as_secs_f64();
        Ok(outcome)
    }

    fn sell(&mut self) -> rusqlite::Result<()> {
        // begins with the time, as those of our orders do
        let order = Uuid::now_v7().into_bytes();
        let sold = [(); 3].map(|()| product_id(fastrand::u64(..self.count)));

        let placed = begin(&mut self.orders)?;
        let insert = "INSERT INTO orders VALUES (?1, 'pending', strftime('%Y-%m-%dT%H:%M:%f', 'now'))";
        placed.prepare_cached(insert)?.execute(params![order])?;
        for (number, product) in sold.iter().enumerate() {
            let line = "INSERT INTO lines VALUES (?1, ?2, ?3, 1)";
            placed.prepare_cached(line)?.execute(params![order, number as i64, product])?;
        }
        placed.commit()?;

        let decided = begin(&mut self.products)?;
        for product in &sold {
            let take =
                "UPDATE stock SET quantity = quantity - 1, seq = seq + 1 WHERE product_id = ?1 RETURNING seq";
            let seq: i64 = decided.prepare_cached(take)?.query_row(params![product], |row| row.get(0))?;
            let write = "INSERT INTO ledger VALUES (?1, ?2, ?3, -1, strftime('%Y-%m-%dT%H:%M:%f', 'now'))";
            decided.prepare_cached(write)?.execute(params![product, seq, order])?;
        }
        let decision = "INSERT INTO decisions VALUES (?1, 'held', strftime('%Y-%m-%dT%H:%M:%f', 'now'))";
        decided.prepare_cached(decision)?.execute(params![order])?;
        decided.commit()?;

        let confirm = "UPDATE orders SET status = 'confirmed' WHERE id = ?1";
        self.orders.prepare_cached(confirm)?.execute(params![order])?;
        Ok(())
    }
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn product_id(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

impl fmt::Display for Seller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ours => "`all`",
            Self::OneByOne => "SQLite, one by one",
        })
    }
}
