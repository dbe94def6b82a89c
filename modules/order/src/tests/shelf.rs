//! A product module in memory: the first decision stands, and its answers can be lost.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::Duration,
};

use async_trait::async_trait;
use contract::{
    DecideLine, DecideRequest, Deduction, DeductionLine, LineRefusal, LineRefusalCause, Money, OrderId,
    ProductApi, ProductApiError, ProductId, RefusalCause, RefuseRequest, Verdict,
};
use platform::{clock, deadline::Deadline};
use uuid::Uuid;

pub const PRICE_MINOR: i64 = 380;

/// Longer than a try of [`super::support::TestShop::settings`].
const SLOW: Duration = Duration::from_millis(250);

/// How the module behaves.
#[derive(Clone, Copy, Default)]
pub enum Mood {
    #[default]
    Well,
    /// Decides after [`SLOW`], where somebody waits so long.
    Slow,
    /// Does nothing and never answers.
    Silent,
    /// Decides, and the answer is lost.
    Forgetful,
    /// Takes no call.
    Refusing,
}

#[derive(Default)]
pub struct Shelf {
    pub mood: Cell<Mood>,
    /// How often it was asked to decide.
    pub asked: Cell<u32>,
    pub stock_milli: RefCell<HashMap<ProductId, i64>>,
    deductions: RefCell<HashMap<OrderId, (Option<String>, Deduction)>>,
}

impl Shelf {
    pub fn put(&self, id: u128, milli: i64) -> ProductId {
        let product = ProductId(Uuid::from_u128(id));
        self.stock_milli.borrow_mut().insert(product, milli);
        product
    }

    pub fn left(&self, product: ProductId) -> i64 {
        self.stock_milli.borrow()[&product]
    }

    fn verdict(&self, lines: &[DecideLine]) -> Verdict {
        let mut stock = self.stock_milli.borrow_mut();
        let refusals: Vec<LineRefusal> = lines.iter().filter_map(|line| refusal(line, &stock)).collect();
        if !refusals.is_empty() {
            return Verdict::Refused { cause: RefusalCause::Lines, lines: refusals };
        }
        let lines: Vec<DeductionLine> = lines.iter().map(sold).collect();
        for line in &lines {
            *stock.get_mut(&line.product_id).unwrap() -= line.quantity_milli;
        }
        let total_minor = lines.iter().map(|line| line.total_minor).sum();
        Verdict::Held { lines, total_minor }
    }

    async fn answer(
        &self,
        order: OrderId,
        hash: Option<String>,
        verdict: impl FnOnce() -> Verdict,
    ) -> Result<Deduction, ProductApiError> {
        match self.mood.get() {
            Mood::Slow => tokio::time::sleep(SLOW).await,
            Mood::Silent => std::future::pending().await,
            Mood::Refusing => return Err(ProductApiError::Rejected("422".into())),
            Mood::Well | Mood::Forgetful => {}
        }
        let mut deductions = self.deductions.borrow_mut();
        let (stands, deduction) = deductions.entry(order).or_insert_with(|| {
            let deduction = Deduction { order_id: order, decided_at: clock::now(), verdict: verdict() };
            (hash.clone(), deduction)
        });
        if stands.is_some() && *stands != hash {
            return Err(ProductApiError::KeyReused);
        }
        match self.mood.get() {
            Mood::Forgetful => Err(ProductApiError::Unknown("closed".into())),
            Mood::Well | Mood::Slow | Mood::Silent | Mood::Refusing => Ok(deduction.clone()),
        }
    }
}

fn refusal(line: &DecideLine, stock: &HashMap<ProductId, i64>) -> Option<LineRefusal> {
    let refuse = |cause| Some(LineRefusal { product_id: line.product_id, cause });
    let Some(available_milli) = stock.get(&line.product_id).copied() else {
        return refuse(LineRefusalCause::Unavailable);
    };
    match line.expected_unit_price_minor {
        Some(expected_minor) if expected_minor != PRICE_MINOR => {
            refuse(LineRefusalCause::PriceChanged { expected_minor, current_minor: PRICE_MINOR })
        }
        _ if line.quantity_milli > available_milli => {
            refuse(LineRefusalCause::Shortage { requested_milli: line.quantity_milli, available_milli })
        }
        _ => None,
    }
}

fn sold(line: &DecideLine) -> DeductionLine {
    DeductionLine {
        product_id: line.product_id,
        name: "Flat white".into(),
        sku: Some("FW-1".into()),
        quantity_milli: line.quantity_milli,
        unit_price_minor: PRICE_MINOR,
        total_minor: Money::from_minor(PRICE_MINOR).line_total(line.quantity()).unwrap().minor(),
        flagged: false,
        tracked: true,
    }
}

#[async_trait(?Send)]
impl ProductApi for Shelf {
    async fn decide(
        &self,
        order: OrderId,
        request: &DecideRequest,
        _: Deadline,
    ) -> Result<Deduction, ProductApiError> {
        self.asked.set(self.asked.get() + 1);
        self.answer(order, Some(request.request_hash.clone()), || self.verdict(&request.lines)).await
    }

    async fn refuse(
        &self,
        order: OrderId,
        request: &RefuseRequest,
        _: Deadline,
    ) -> Result<Deduction, ProductApiError> {
        let verdict = || Verdict::Refused { cause: RefusalCause::GivenUp, lines: vec![] };
        self.answer(order, request.request_hash.clone(), verdict).await
    }

    async fn is_reachable(&self) -> bool {
        true
    }
}
