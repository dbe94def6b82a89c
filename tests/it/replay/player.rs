//! Somebody of the model, played by a replica of its own.

use std::{rc::Rc, time::Duration};

use contract::{Deduction, ProductApiError};
use order::{
    OrderError, OrderService, OrderSettings, SweepReport, SweeperSettings,
    model::{CancelOrder, CancelTarget, Order, PendingOrder, Standing},
};
use protocol_model::{Content, Question, Told};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

use super::{
    gate::{Answer, Arrived, Gate, same},
    shop::{Differs, Shop, model_status},
};
use crate::support::stores::{Stores, key, no_hurry, settings};

/// How long the code may take to get where the model is.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of work that was under way.
pub enum Ended {
    Decision(Result<Deduction, OrderError>),
    Order(Result<Order, OrderError>),
    Swept(SweepReport),
}

pub struct Player {
    service: OrderService,
    calls: mpsc::UnboundedReceiver<Arrived>,
    pub hand: Hand,
    /// What its client was told.
    pub told: Option<Told>,
}

/// What it holds while it works on an order.
#[derive(Default)]
pub struct Hand {
    running: Option<JoinHandle<Ended>>,
    waiting: Option<oneshot::Sender<Answer>>,
    /// The product module's answer, on its way.
    pub answer: Option<Answer>,
    pending: Option<PendingOrder>,
    decision: Option<Deduction>,
}

/// Killed with all that was under way.
impl Drop for Hand {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

/// Nothing happens by itself while a schedule is played.
fn patient() -> OrderSettings {
    let sweeper = SweeperSettings { grace_ms: 3_600_000, concurrency: 1, ..settings().sweeper };
    OrderSettings { deadline_ms: 120_000, decide_try_ms: 60_000, sweeper, ..settings() }
}

impl Player {
    pub fn new(stores: &Stores) -> Self {
        let (arriving, calls) = mpsc::unbounded_channel();
        let service = stores.replica_with(patient(), Rc::new(Gate(arriving)));
        Self { service, calls, hand: Hand::default(), told: None }
    }

    /// S1, up to where it knows what stands.
    pub async fn intend(&mut self, shop: &Shop<'_>, order: u8, content: Content) -> Result<(), Differs> {
        let key = &shop.keys[usize::from(order)];
        match self.service.intend(key, &shop.command(order, content)).await {
            Ok(intent) => match intent.standing {
                Standing::Pending(pending) => self.hand.pending = Some(pending),
                Standing::Decided { order, .. } => {
                    self.told = Some(Told::Decided(model_status(order.status())))
                }
            },
            Err(OrderError::KeyReused) => self.told = Some(Told::KeyReused),
            Err(error) => return Err(format!("S1 failed: {error:?}")),
        }
        Ok(())
    }

    /// Begins S2, unless it is repeating the call by itself; the call arrives at the gate.
    pub async fn ask(&mut self, shop: &Shop<'_>, question: Question) -> Result<(), Differs> {
        if self.hand.running.is_none() {
            let pending = self.hand.pending.clone().ok_or("S2 without an order in hand")?;
            let service = self.service.clone();
            self.run(async move { Ended::Decision(service.decide(&pending, no_hurry()).await) });
        }
        self.arrive(shop, question).await
    }

    /// Begins a cancellation by key.
    pub fn cancel(&mut self, shop: &Shop<'_>, order: u8) {
        let target = CancelTarget::Key(shop.keys[usize::from(order)].clone());
        let command = CancelOrder::new(key(), target).unwrap();
        let service = self.service.clone();
        self.run(async move { Ended::Order(service.cancel(&command).await.map(|answer| answer.value)) });
    }

    /// Begins a sweep.
    pub fn sweep(&mut self) {
        let service = self.service.clone();
        self.run(async move { Ended::Swept(service.sweep_once().await.unwrap()) });
    }

    fn run(&mut self, work: impl Future<Output = Ended> + 'static) {
        self.hand.running = Some(tokio::task::spawn_local(work));
    }

    /// The call of what is under way arrives at the gate.
    pub async fn arrive(&mut self, shop: &Shop<'_>, question: Question) -> Result<(), Differs> {
        let arrived = timeout(PATIENCE, self.calls.recv()).await;
        let arrived = arrived.ok().flatten().ok_or_else(|| format!("{question:?} was not asked"))?;
        self.hand.waiting = Some(arrived.answer);
        shop.note_asked(question, arrived.asked)
    }

    /// The try is over without an answer.
    pub fn hear_nothing(&mut self) {
        self.hand.answer = None;
        if let Some(waiting) = self.hand.waiting.take() {
            let unknown = ProductApiError::Unknown("not heard in time".into());
            waiting.send(Err(unknown)).expect("it waits");
        }
    }

    /// The answer arrives, and what was under way ends.
    pub async fn hear(&mut self) -> Result<(), Differs> {
        let hand = &mut self.hand;
        let answer = hand.answer.take().ok_or("an answer that nobody gave")?;
        let waiting = hand.waiting.take().ok_or("an answer that nobody waits for")?;
        waiting.send(same(&answer)).map_err(|_| "the caller has gone")?;
        self.end().await
    }

    /// What was under way ends.
    pub async fn end(&mut self) -> Result<(), Differs> {
        let mut running = self.hand.running.take().ok_or("nothing is under way")?;
        let Ok(ended) = timeout(PATIENCE, &mut running).await else {
            running.abort();
            return Err("it goes on where the model ends".into());
        };
        match ended.map_err(|error| error.to_string())? {
            Ended::Decision(Ok(decision)) => self.hand.decision = Some(decision),
            Ended::Order(Ok(order)) => self.told = Some(Told::Decided(model_status(order.status()))),
            Ended::Decision(Err(OrderError::KeyReused)) | Ended::Order(Err(OrderError::KeyReused)) => {
                self.told = Some(Told::KeyReused);
            }
            Ended::Decision(Err(error)) | Ended::Order(Err(error)) => return Err(format!("{error:?}")),
            Ended::Swept(SweepReport { claimed: 1, finished: 1, failed: 0 }) => {}
            Ended::Swept(report) => return Err(format!("{report:?}")),
        }
        Ok(())
    }

    /// S3 of a till.
    pub async fn project(&mut self) -> Result<(), Differs> {
        let pending = self.hand.pending.as_ref().ok_or("S3 without an order in hand")?;
        let decision = self.hand.decision.as_ref().ok_or("S3 without a decision in hand")?;
        let order = self.service.project(pending, decision).await.map_err(|error| format!("{error:?}"))?;
        self.told = Some(Told::Decided(model_status(order.status())));
        Ok(())
    }

    /// Leaves everything where it is; calls that arrived and were not looked at are forgotten.
    pub fn leave_off(&mut self) -> Hand {
        while self.calls.try_recv().is_ok() {}
        std::mem::take(&mut self.hand)
    }
}
