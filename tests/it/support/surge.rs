//! Customers who do not wait for each other: requests at a fixed rate, however slowly they are answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{
    client::{Reply, Service, fresh_key},
    shop::{Shop, order_of},
};

/// Between two looks at what is due.
const TICK: Duration = Duration::from_millis(5);
/// What a generator can hold; more would measure itself.
const MOST_UNDER_WAY: usize = 10_000;

/// One sale as its customer saw it.
pub struct Asked {
    pub key: String,
    pub took: Duration,
    pub reply: Reply,
}

/// What was asked and answered within one stretch of time.
pub struct Surge {
    pub asked: Vec<Asked>,
    pub lasted: Duration,
}

/// Asks without pause, `tills` at a time: what a shop carries.
pub async fn closed_loop(shop: &Shop, products: &[String], tills: usize, lasting: Duration) -> Surge {
    let begun = Instant::now();
    ask_while(shop, products, tills, move |_| begun.elapsed() < lasting).await
}

/// The same until so many have asked.
pub async fn closed_loop_of(shop: &Shop, products: &[String], tills: usize, count: usize) -> Surge {
    ask_while(shop, products, tills, move |asked| asked < count).await
}

/// `goes_on` is told how many have asked by then.
async fn ask_while(
    shop: &Shop,
    products: &[String],
    tills: usize,
    goes_on: impl Fn(usize) -> bool + Clone + Send + 'static,
) -> Surge {
    let begun = Instant::now();
    let counted = Arc::new(AtomicUsize::new(0));
    let mut running = JoinSet::new();
    for till in 0..tills {
        let replica = shop.orders[till % shop.orders.len()].clone();
        let (products, counted, goes_on) = (products.to_vec(), counted.clone(), goes_on.clone());
        running.spawn(async move {
            let mut asked = Vec::new();
            while goes_on(counted.fetch_add(1, Ordering::Relaxed)) {
                asked.push(ask(&replica, &products, till + asked.len()).await);
            }
            asked
        });
    }
    Surge { asked: running.join_all().await.into_iter().flatten().collect(), lasted: begun.elapsed() }
}

/// Asks `per_second` times a second, over all replicas.
pub async fn open_loop(shop: &Shop, products: &[String], per_second: f64, lasting: Duration) -> Surge {
    let begun = Instant::now();
    let mut under_way = JoinSet::new();
    let mut asked = Vec::new();
    let mut sent = 0;
    let mut ticks = tokio::time::interval(TICK);
    while begun.elapsed() < lasting {
        ticks.tick().await;
        let due = (begun.elapsed().as_secs_f64() * per_second) as usize;
        for number in sent..due {
            let replica = shop.orders[number % shop.orders.len()].clone();
            let products = products.to_vec();
            under_way.spawn(async move { ask(&replica, &products, number).await });
        }
        sent = due;
        while let Some(done) = under_way.try_join_next() {
            asked.push(done.unwrap());
        }
        assert!(under_way.len() < MOST_UNDER_WAY, "{} requests wait for an answer", under_way.len());
    }
    let lasted = begun.elapsed();
    asked.extend(under_way.join_all().await);
    Surge { asked, lasted }
}

async fn ask(replica: &Service, products: &[String], number: usize) -> Asked {
    let key = fresh_key();
    let order = order_of(&[(products[number % products.len()].as_str(), 1.0)]);
    let started = Instant::now();
    let reply = replica.post("/orders", &order).key(&key).await;
    Asked { key, took: started.elapsed(), reply }
}

impl Surge {
    /// Those that were answered with this status and, where there is one, problem code.
    pub fn answered(&self, status: u16, code: &str) -> Vec<&Asked> {
        let fits = |asked: &&Asked| asked.reply.status == status && asked.reply.code() == code;
        self.asked.iter().filter(fits).collect()
    }

    pub fn sold_per_second(&self) -> f64 {
        self.answered(201, "").len() as f64 / self.lasted.as_secs_f64()
    }
}

/// The time within which this share of them, such as 0.99, was answered.
pub fn within(share: f64, asked: &[&Asked]) -> Duration {
    let mut times: Vec<Duration> = asked.iter().map(|asked| asked.took).collect();
    times.sort_unstable();
    let index = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(index).copied().unwrap_or_default()
}
