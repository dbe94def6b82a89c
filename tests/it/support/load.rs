//! Tills that sell without pause, repeat with the same key until they are told, and write down what they were told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    client::fresh_key,
    shop::{Shop, order_of, text},
    wait::until,
};

/// Between two tries of one sale.
const PAUSE: Duration = Duration::from_millis(25);
/// After a sale that was walked away from.
const NEXT_CUSTOMER: Duration = Duration::from_millis(200);

/// One sale as its till knows it.
#[derive(Clone, Debug)]
pub struct Sale {
    pub key: String,
    /// Unless the till stopped before it was told.
    pub told: Option<Told>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Confirmed { id: String },
    Rejected { id: String },
}

/// A running load.
pub struct Load {
    stop: watch::Sender<bool>,
    told: Arc<AtomicUsize>,
    tills: Vec<JoinHandle<Vec<Sale>>>,
}

impl Load {
    /// Each till sells one of two of these products at a time, at a replica of its choice.
    pub fn start(shop: &Shop, products: &[String], tills: usize) -> Self {
        let (stop, stopped) = watch::channel(false);
        let told = Arc::new(AtomicUsize::new(0));
        let start = |number| {
            let till = Till { number, shop: shop.clone(), products: products.to_vec(), told: told.clone() };
            tokio::spawn(till.work(stopped.clone()))
        };
        let tills = (0..tills).map(start).collect();
        Self { stop, told, tills }
    }

    /// Until this many more sales were told.
    pub async fn wait_for(&self, sales: usize, within: Duration) {
        let goal = self.told.load(Ordering::SeqCst) + sales;
        let reached = async || (self.told.load(Ordering::SeqCst) >= goal).then_some(());
        until(&format!("{sales} sales are told"), within, reached).await;
    }

    /// Ends it: each till finishes the try that is under way.
    pub async fn stop(self) -> Vec<Sale> {
        self.stop.send(true).unwrap();
        let mut sales = Vec::new();
        for till in self.tills {
            sales.extend(till.await.unwrap());
        }
        sales
    }
}

struct Till {
    number: usize,
    shop: Shop,
    products: Vec<String>,
    told: Arc<AtomicUsize>,
}

impl Till {
    async fn work(self, stopped: watch::Receiver<bool>) -> Vec<Sale> {
        let mut sales = Vec::new();
        while !*stopped.borrow() {
            let order = self.next_order(sales.len());
            let key = fresh_key();
            let told = self.sell(&key, &order, &stopped).await;
            self.told.fetch_add(usize::from(told.is_some()), Ordering::SeqCst);
            sales.push(Sale { key, told });
        }
        sales
    }

    /// Walks away after the first try that was not told: what it leaves is the sweeper's.
    fn is_impatient(&self) -> bool {
        self.number.is_multiple_of(4)
    }

    /// Two products, in either order.
    fn next_order(&self, sale: usize) -> Value {
        let count = self.products.len();
        let first = (self.number + sale) % count;
        let second = (first + 1 + self.number % (count - 1)) % count;
        order_of(&[(self.products[first].as_str(), 1.0), (self.products[second].as_str(), 1.0)])
    }

    async fn sell(&self, key: &str, order: &Value, stopped: &watch::Receiver<bool>) -> Option<Told> {
        let mut tries = 0;
        loop {
            let replica = &self.shop.orders[(self.number + tries) % self.shop.orders.len()];
            if let Ok(reply) = replica.post("/orders", order).key(key).try_send().await {
                match reply.status {
                    201 => {
                        return Some(Told::Confirmed { id: text(&reply.body["id"]) });
                    }
                    409 => {
                        return Some(Told::Rejected { id: text(&reply.body["orderId"]) });
                    }
                    503 => {}
                    status => panic!("{status} {}", reply.text),
                }
            }
            if *stopped.borrow() {
                return None;
            }
            if self.is_impatient() {
                tokio::time::sleep(NEXT_CUSTOMER).await;
                return None;
            }
            tokio::time::sleep(PAUSE).await;
            tries += 1;
        }
    }
}
