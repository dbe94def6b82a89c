//! A till: makes the key first, repeats on 503 and on silence, and sometimes gives up.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::time::timeout;
use uuid::Uuid;

use super::{Floor, TRIES, catalogue::Known, door::Caller, pause};
use crate::history::{Answer, Item, What};

/// As many ask at once, at least.
const CROWD: usize = 4;
/// A sweeper leaves an order to its request for three seconds.
const SWEPT_AFTER_MS: std::ops::Range<u64> = 2700..4200;

/// Of a thousand sales.
struct Odds;

impl Odds {
    /// The same request goes to two doors at once.
    const TWIN: u32 = 50;
    /// The same request goes to every door at once.
    const CROWD: u32 = 30;
    /// The till is switched off in the middle of the request.
    const LEAVE: u32 = 30;
    /// Before a repeat: it is given up instead.
    const GIVE_UP: u32 = 80;
    /// The order is given up while it is under way.
    const RACE: u32 = 15;
    /// After it was told.
    const READ: u32 = 100;
    const REPEAT: u32 = 40;
    const REUSE: u32 = 5;
    const CANCEL_SOLD: u32 = 10;
}

pub struct Till {
    number: u32,
    sales: u64,
    caller: Caller,
}

impl Till {
    pub fn new(floor: Arc<Floor>, number: u32) -> Self {
        Self { number, sales: 0, caller: Caller::new(floor, u64::from(number)) }
    }

    pub async fn work(mut self) {
        let run = self.caller.floor.run.clone();
        while !run.has_come() {
            self.sales += 1;
            let key = self.fresh_key();
            let items = self.basket();
            match items.is_empty() {
                true => tokio::time::sleep(pause(&mut self.caller.random)).await,
                false => self.sell(&key, &What::Sale { items }).await,
            }
        }
    }

    /// Some tills number their sales, others take UUIDs v7, by which orders get other ids.
    fn fresh_key(&self) -> String {
        match self.number % 2 {
            0 => Uuid::now_v7().to_string(),
            _ => format!("till-{}-{:010}", self.number, self.sales),
        }
    }

    fn hit(&mut self, of_a_thousand: u32) -> bool {
        self.caller.random.u32(..1000) < of_a_thousand
    }

    /// One to four lines, now and then two of the same product.
    fn basket(&mut self) -> Vec<Item> {
        let lines = 1 + self.caller.random.usize(..4).min(self.caller.random.usize(..4));
        let mut items = Vec::new();
        for _ in 0..lines {
            let known = self.caller.floor.catalogue.pick(&mut self.caller.random);
            // a place may be empty for the moment
            let Some(Known { product, price, .. }) = known else { continue };
            let random = &mut self.caller.random;
            let quantity = if random.bool() { 1000 * random.i64(1..4) } else { random.i64(1..3000) };
            let price = (random.u8(..) < 100).then_some(price);
            // a product's lines of one order must expect the same price
            let known = items.iter().find(|item: &&Item| item.product == product).map(|item| item.price);
            items.push(Item { product, quantity, price: known.unwrap_or(price) });
        }
        items
    }

    async fn sell(&mut self, key: &str, what: &What) {
        if self.hit(Odds::LEAVE) {
            let (door, soon) = (self.caller.door(what), Duration::from_millis(self.caller.random.u64(..60)));
            // dropped: the connection is cut, whatever became of the request
            let left = timeout(soon, self.caller.ask_at(&door, key, 0, what, soon * 2)).await;
            if left.is_err() {
                self.caller.floor.history.told(key, 0, &Answer::default());
            }
            match self.caller.random.u8(..3) {
                0 => return,
                1 => {}
                _ => {
                    // about when the sweeper takes such an order up
                    let later = Duration::from_millis(self.caller.random.u64(SWEPT_AFTER_MS));
                    tokio::time::sleep(later).await;
                    let answer = self.crowd(key, 500, what).await;
                    if answer.settles() {
                        return self.afterwards(key, what, &answer).await;
                    }
                }
            }
        }
        for attempt in 1..=TRIES {
            let answer = if self.hit(Odds::TWIN) {
                self.ask_twice(key, attempt * 10, what).await
            } else if self.hit(Odds::CROWD) {
                self.crowd(key, attempt * 10, what).await
            } else if self.hit(Odds::RACE) {
                self.race(key, attempt * 10, what).await
            } else {
                self.caller.ask(key, attempt * 10, what).await
            };
            if answer.settles() {
                self.afterwards(key, what, &answer).await;
                if self.hit(Odds::REPEAT) {
                    self.caller.ask(key, 1000, what).await;
                }
                return;
            }
            if self.hit(Odds::GIVE_UP) {
                break;
            }
            tokio::time::sleep(pause(&mut self.caller.random)).await;
        }
        if self.caller.random.u8(..) < 150 {
            self.give_up(key).await;
        }
    }

    async fn ask_twice(&mut self, key: &str, attempt: u32, what: &What) -> Answer {
        let (one, other) = (self.caller.door(what), self.caller.door(what));
        let patience = Duration::from_secs(4);
        let (first, second) = tokio::join!(
            self.caller.ask_at(&one, key, attempt, what, patience),
            self.caller.ask_at(&other, key, attempt + 1, what, patience),
        );
        if first.settles() { first } else { second }
    }

    /// At every door at the same moment; the first answer that settles it, or another.
    async fn crowd(&mut self, key: &str, attempt: u32, what: &What) -> Answer {
        let doors = &self.caller.floor.doors;
        let mut doors = [std::slice::from_ref(&doors.front), &doors.orders].concat();
        while doors.len() < CROWD {
            doors.push(doors[0].clone());
        }
        let (caller, patience) = (&self.caller, Duration::from_secs(4));
        let asked =
            (attempt..).zip(&doors).map(|(attempt, door)| caller.ask_at(door, key, attempt, what, patience));
        let mut answers = join_all(asked).await;
        let settled = answers.iter().position(Answer::settles).unwrap_or_default();
        answers.swap_remove(settled)
    }

    /// Another till, asked by phone, gives the order up meanwhile.
    async fn race(&mut self, key: &str, attempt: u32, what: &What) -> Answer {
        let (one, other) = (self.caller.door(what), self.caller.door(what));
        let patience = Duration::from_secs(4);
        let cancel = What::Cancel { sale: key.to_owned() };
        let cancel_key = format!("race-{attempt}-{key}");
        let (answer, _) = tokio::join!(
            self.caller.ask_at(&one, key, attempt, what, patience),
            self.caller.ask_at(&other, &cancel_key, 0, &cancel, patience),
        );
        answer
    }

    async fn give_up(&mut self, key: &str) {
        let (what, cancel_key) = (What::Cancel { sale: key.to_owned() }, format!("cancel-{key}"));
        for attempt in 0..TRIES {
            if self.caller.ask(&cancel_key, attempt, &what).await.settles() {
                return;
            }
            tokio::time::sleep(pause(&mut self.caller.random)).await;
        }
    }

    /// What was told must stay so.
    async fn afterwards(&mut self, key: &str, what: &What, answer: &Answer) {
        let body = answer.body.as_ref();
        let order = body.and_then(|body| body["id"].as_str().or(body["orderId"].as_str()));
        let order: Option<Uuid> = order.and_then(|id| id.parse().ok());
        if self.hit(Odds::READ) {
            let order = order.filter(|_| self.caller.random.bool());
            self.caller.ask(&format!("read-{key}"), 0, &What::Read { sale: key.to_owned(), order }).await;
        }
        if let What::Sale { items } = what
            && self.hit(Odds::REUSE)
        {
            // a basket drawn anew is the same one now and then, and then it is a repeat
            let mut items = items.clone();
            items[0].quantity += 1;
            self.caller.ask(&format!("reuse-{key}"), 0, &What::Reuse { items }).await;
        }
        if self.hit(Odds::CANCEL_SOLD) {
            self.give_up(key).await;
        }
    }
}
