//! Tills that sell through the gateway without pause, each sale under a key, repeat on 503 and on silence until they are
//! told, and write down every try.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinHandle};

use crate::support::{
    client::{Reply, Service, fresh_key},
    shop::{order_of, text},
    wait::until,
};

pub const TILLS: usize = 32;
/// Between two tries of one sale.
const PAUSE: Duration = Duration::from_millis(200);
/// After which a till gives a sale up for lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// One request as its till saw it.
#[derive(Clone, Debug)]
pub struct Try {
    pub started: Instant,
    pub took: Duration,
    /// What it was told instead of 201.
    pub failure: Option<Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 503, a problem document that says what became of it.
    NotNow(String),
    /// No answer, or not a whole one.
    Silence(String),
    /// What no till should ever be told.
    Wrong(String),
}

#[derive(Clone, Debug)]
pub struct Sale {
    pub key: String,
    pub tries: Vec<Try>,
    /// Unless it was lost.
    pub order: Option<String>,
}

/// What all tills share.
#[derive(Default)]
struct Shared {
    told: AtomicUsize,
    last_failure: Mutex<Option<Instant>>,
}

/// Running tills.
pub struct Tills {
    stop: watch::Sender<bool>,
    shared: Arc<Shared>,
    tills: Vec<JoinHandle<Vec<Sale>>>,
}

impl Tills {
    /// Each till sells one of two of these products at a time.
    pub fn open(gateway: &Service, products: &[String], count: usize) -> Self {
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::<Shared>::default();
        let open = |number| {
            let till = Till {
                number,
                gateway: gateway.clone(),
                products: products.to_vec(),
                shared: shared.clone(),
            };
            tokio::spawn(till.work(stopped.clone()))
        };
        let tills = (0..count).map(open).collect();
        Self { stop, shared, tills }
    }

    /// Until this many more sales were told.
    pub async fn sell(&self, sales: usize, within: Duration) {
        let goal = self.told() + sales;
        let reached = async || (self.told() >= goal).then_some(());
        until(&format!("{sales} sales are told"), within, reached).await;
    }

    pub fn told(&self) -> usize {
        self.shared.told.load(Ordering::SeqCst)
    }

    /// Until no request that was sent in the last `calm` failed, and sales are told.
    pub async fn calm(&self, calm: Duration, within: Duration) {
        let (begun, before) = (Instant::now(), self.told());
        until("sales go through again", within, async || {
            let last = self.shared.last_failure.lock().unwrap().unwrap_or(begun);
            let is_calm = last.max(begun).elapsed() >= calm && self.told() > before;
            is_calm.then_some(())
        })
        .await;
    }

    /// Closes them once each was told about the sale that it is at.
    pub async fn close(self) -> Report {
        self.stop.send(true).unwrap();
        let mut sales = Vec::new();
        for till in self.tills {
            sales.extend(till.await.unwrap());
        }
        Report { sales }
    }
}

struct Till {
    number: usize,
    gateway: Service,
    products: Vec<String>,
    shared: Arc<Shared>,
}

impl Till {
    async fn work(self, stopped: watch::Receiver<bool>) -> Vec<Sale> {
        let mut sales = Vec::new();
        while !*stopped.borrow() {
            let sale = self.sell(sales.len()).await;
            self.shared.told.fetch_add(usize::from(sale.order.is_some()), Ordering::SeqCst);
            sales.push(sale);
        }
        sales
    }

    async fn sell(&self, number: usize) -> Sale {
        let count = self.products.len();
        let first = (self.number + number) % count;
        let second = (first + 1 + self.number % (count - 1)) % count;
        let order = order_of(&[(self.products[first].as_str(), 1.0), (self.products[second].as_str(), 1.0)]);
        let mut sale = Sale { key: fresh_key(), tries: Vec::new(), order: None };
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let started = Instant::now();
            let call = self.gateway.post("/orders", &order).key(&sale.key);
            let answer = call.try_send().await;
            let (order, failure) = match answer.map_err(|error| format!("{error:?}")) {
                Ok(reply) if reply.status == 201 => (Some(text(&reply.body["id"])), None),
                Ok(reply) => (None, Some(understand(&reply))),
                Err(error) => (None, Some(Failure::Silence(error))),
            };
            if failure.is_some() {
                *self.shared.last_failure.lock().unwrap() = Some(started);
            }
            sale.tries.push(Try { started, took: started.elapsed(), failure });
            if order.is_some() {
                sale.order = order;
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        sale
    }
}

fn understand(reply: &Reply) -> Failure {
    let is_problem = reply.header("content-type") == Some("application/problem+json");
    let outcome = reply.body["outcome"].as_str().unwrap_or_default();
    match reply.status == 503 && is_problem && ["none", "unknown"].contains(&outcome) {
        true => Failure::NotNow(format!("{} {}", reply.code(), reply.body["detail"])),
        false => Failure::Wrong(format!("{} {}", reply.status, reply.text)),
    }
}

/// What closed tills wrote down.
pub struct Report {
    pub sales: Vec<Sale>,
}

impl Report {
    pub fn tries(&self) -> impl Iterator<Item = &Try> {
        self.sales.iter().flat_map(|sale| &sale.tries)
    }

    /// Sales whose till was never told, however often it asked.
    pub fn lost(&self) -> usize {
        self.sales.iter().filter(|sale| sale.order.is_none()).count()
    }

    /// Sales whose first try was not told.
    pub fn failed_first_tries(&self) -> usize {
        let failed = |sale: &&Sale| sale.tries.first().is_some_and(|first| first.failure.is_some());
        self.sales.iter().filter(failed).count()
    }

    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.tries().filter_map(|a_try| a_try.failure.as_ref())
    }

    /// 5xx that is no problem document, 4xx, anything else that no till should see.
    pub fn wrong(&self) -> usize {
        self.failures().filter(|failure| matches!(failure, Failure::Wrong(_))).count()
    }

    pub fn silent(&self) -> usize {
        self.failures().filter(|failure| matches!(failure, Failure::Silence(_))).count()
    }

    /// Each kind of failure and how often it was told.
    pub fn show_failures(&self) {
        let mut kinds = std::collections::BTreeMap::<String, usize>::new();
        for failure in self.failures() {
            *kinds.entry(format!("{failure:?}")).or_default() += 1;
        }
        for (kind, count) in kinds {
            println!("   {count} × {}", kind.chars().take(200).collect::<String>());
        }
    }

    /// When the last request that failed was sent.
    pub fn last_failure(&self) -> Option<Instant> {
        let failed = self.tries().filter(|a_try| a_try.failure.is_some());
        failed.map(|a_try| a_try.started).max()
    }

    /// Of all tries; `share` such as 0.99.
    pub fn percentile(&self, share: f64) -> Duration {
        let mut times: Vec<Duration> = self.tries().map(|a_try| a_try.took).collect();
        times.sort_unstable();
        let index = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default()
    }
}
