//! A clerk: receives, wastes, counts and deducts stock, changes prices, archives products and makes others.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use uuid::Uuid;

use super::{
    Floor, TRIES,
    catalogue::{self, Known, RUSH, SLOTS, kind},
    door::Caller,
    pause,
};
use crate::history::{Answer, Policy, What};

const REST_MS: std::ops::Range<u64> = 5..60;

pub struct Clerk {
    number: u32,
    changes: u64,
    caller: Caller,
}

impl Clerk {
    pub fn new(floor: Arc<Floor>, number: u32) -> Self {
        Self { number, changes: 0, caller: Caller::new(floor, 1_000_000 + u64::from(number)) }
    }

    pub async fn work(mut self) {
        let run = self.caller.floor.run.clone();
        while !run.has_come() {
            let slot = if self.caller.random.u8(..) < 20 { RUSH } else { self.caller.random.usize(..SLOTS) };
            match self.caller.floor.catalogue.get(slot) {
                Some(known) => self.change(slot, known).await,
                None => {
                    self.create(slot).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(self.caller.random.u64(REST_MS))).await;
        }
    }

    /// A new product for this place; whether it was told.
    pub async fn create(&mut self, slot: usize) -> bool {
        let (policy, stock) = kind(slot);
        let price = self.caller.random.i64(1..2000);
        let sku = (self.number, self.changes);
        let what = What::Create { sku: catalogue::sku(sku), price, stock, policy };
        let answer = self.persist(&what).await;
        let id = answer.body.as_ref().and_then(|body| body["id"].as_str()?.parse::<Uuid>().ok());
        let made = answer.is_success() && id.is_some();
        if let Some(product) = id.filter(|_| made) {
            self.caller.floor.catalogue.put(slot, Some(Known { product, sku, price, seq: 1 }));
        }
        made
    }

    async fn change(&mut self, slot: usize, known: Known) {
        let is_tracked = kind(slot).0 != Policy::Untracked;
        match self.caller.random.u32(..100) {
            0..12 => self.reprice(slot, known).await,
            12..14 => self.archive(slot, known).await,
            _ if !is_tracked => {}
            14..60 => self.move_stock(slot, known, "receive").await,
            60..68 => self.move_stock(slot, known, "waste").await,
            68..74 => self.move_stock(slot, known, "correct").await,
            74..88 => self.deduct(slot, known).await,
            _ => self.count(slot, known).await,
        }
    }

    async fn reprice(&mut self, slot: usize, Known { product, sku, .. }: Known) {
        let price = self.caller.random.i64(1..2000);
        let what = What::Reprice { product, sku: catalogue::sku(sku), price };
        if self.persist(&what).await.is_success() {
            self.caller.floor.catalogue.learn(slot, product, |known| known.price = price);
        }
    }

    async fn archive(&mut self, slot: usize, Known { product, .. }: Known) {
        if self.persist(&What::Archive { product }).await.settles() {
            self.caller.floor.catalogue.put(slot, None);
        }
    }

    async fn move_stock(&mut self, slot: usize, Known { product, .. }: Known, reason: &str) {
        let random = &mut self.caller.random;
        let quantity = match reason {
            // it trickles in
            "receive" if slot == RUSH => random.i64(1..4000),
            "receive" => random.i64(1..12_000),
            "waste" => -random.i64(1..4000),
            _ => *random.choice([-1500, -1, 1, 2500].iter()).unwrap_or(&1),
        };
        let answer = self.persist(&What::Adjust { product, quantity, reason: reason.to_owned() }).await;
        self.learn_seq(slot, product, &answer);
    }

    async fn deduct(&mut self, slot: usize, Known { product, .. }: Known) {
        // another quantity each time, by which the ledger tells whose movement it is
        let quantity = 1000 + i64::from(self.number) + 5 * i64::try_from(self.changes).unwrap_or_default();
        let answer = self.persist(&What::Deduct { product, quantity }).await;
        self.learn_seq(slot, product, &answer);
    }

    async fn count(&mut self, slot: usize, Known { product, seq, .. }: Known) {
        let as_of = (self.caller.random.u8(..) < 200).then_some(seq);
        let quantity = self.caller.random.i64(0..10_000) + kind(slot).1;
        let answer = self.persist(&What::Count { product, quantity, as_of }).await;
        self.learn_seq(slot, product, &answer);
    }

    fn learn_seq(&self, slot: usize, product: Uuid, answer: &Answer) {
        let seq = answer.body.as_ref().and_then(|body| body["seq"].as_i64());
        if let Some(seq) = seq.filter(|_| answer.is_success()) {
            self.caller.floor.catalogue.learn(slot, product, |known| known.seq = seq);
        }
    }

    /// Under a key of its own, until it is told or patience ends.
    async fn persist(&mut self, what: &What) -> Answer {
        self.changes += 1;
        let key = format!("clerk-{}-{:010}", self.number, self.changes);
        let mut answer = Answer { body: Some(Value::Null), ..Answer::default() };
        for attempt in 0..TRIES {
            answer = self.caller.ask(&key, attempt, what).await;
            if answer.settles() {
                break;
            }
            tokio::time::sleep(pause(&mut self.caller.random)).await;
        }
        answer
    }
}
