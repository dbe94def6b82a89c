//! The real shop of one schedule: its orders, its products, and what both databases say of them.

use std::{cell::RefCell, collections::HashMap};

use contract::{OrderId, ProductApi, ProductId, Quantity};
use order::model::{OrderStatus, PlaceOrder, RequestedLine};
use platform::idempotency::{IdempotencyKey, Keyed, RequestHash};
use product::model::{Adjustment, AdjustmentReason, StockPolicy};
use protocol_model::{Content, Instance, Question, State, Status, Verdict};
use sea_orm::{ConnectionTrait, Statement};

use super::gate::{Answer, Asked};
use crate::support::{
    client::fresh_key,
    stores::{Stores, key, no_hurry},
};

/// Why model and code do not say the same.
pub type Differs = String;

pub struct Shop<'a> {
    pub stores: &'a Stores,
    pub instance: &'a Instance,
    pub keys: Vec<IdempotencyKey>,
    products: Vec<ProductId>,
    /// The question of the model, as the services really ask it.
    asked: RefCell<HashMap<Question, Asked>>,
}

impl<'a> Shop<'a> {
    pub async fn open(stores: &'a Stores, instance: &'a Instance) -> Self {
        let mut products = Vec::new();
        for opening in &instance.opening {
            products.push(stores.make_product(StockPolicy::Deny, i64::from(*opening)).await);
        }
        // the model locks in the order of its numbers
        products.sort_unstable();
        for (product, opening) in products.iter().zip(&instance.opening) {
            assert_eq!(stores.stock(*product).await, i64::from(*opening));
        }
        let keys = instance.orders.iter().map(|_| key()).collect();
        Self { stores, instance, keys, products, asked: RefCell::default() }
    }

    pub fn order_id(&self, order: u8) -> OrderId {
        self.stores.order_id(&self.keys[usize::from(order)])
    }

    /// The request of this content: one piece a line, told apart by the price that is expected.
    pub fn command(&self, order: u8, content: Content) -> PlaceOrder {
        let products = self.instance.orders[usize::from(order)].iter();
        let lines = products.enumerate().map(|(item, product)| RequestedLine {
            product_id: self.products[usize::from(*product)],
            quantity_milli: 1000,
            expected_unit_price_minor: (content > 0).then_some(250),
            item,
        });
        PlaceOrder::new(lines.collect()).unwrap()
    }

    /// Whoever asks, the same question is asked in the same words, of the order and of the kind that the model says.
    pub fn note_asked(&self, question: Question, asked: Asked) -> Result<(), Differs> {
        let fits = match (question, &asked) {
            (Question::Decide { order, content }, Asked::Decide(id, request)) => {
                *id == self.order_id(order) && request.request_hash == self.hash(order, content)
            }
            (Question::Refuse { order, content }, Asked::Refuse(id, request)) => {
                let hash = content.map(|content| self.hash(order, content));
                *id == self.order_id(order) && request.request_hash == hash
            }
            _ => false,
        };
        let mut known = self.asked.borrow_mut();
        match fits && known.get(&question).is_none_or(|known| *known == asked) {
            true => drop(known.insert(question, asked)),
            false => return Err(format!("asked {asked:?} where the model asks {question:?}")),
        }
        Ok(())
    }

    fn hash(&self, order: u8, content: Content) -> String {
        self.command(order, content).hash.to_hex()
    }

    /// Has the product module do what was asked.
    pub async fn serve(&self, question: Question) -> Option<Answer> {
        let product = &self.stores.product;
        if let Question::Receive { product: which } = question {
            let request = Keyed { key: key(), hash: RequestHash::of("test", &fresh_key()).unwrap() };
            let quantity = Quantity::from_milli(1000);
            let received = Adjustment { quantity, reason: AdjustmentReason::Receive, note: None };
            product.adjust(&request, self.products[usize::from(which)], &received).await.unwrap();
            return None;
        }
        let asked = self.asked.borrow().get(&question).cloned().expect("nobody does what was not asked");
        Some(match asked {
            Asked::Decide(order, request) => product.decide(order, &request, no_hurry()).await,
            Asked::Refuse(order, request) => product.refuse(order, &request, no_hurry()).await,
        })
    }

    /// The sweeper's next claim takes it.
    pub async fn make_due(&self, order: u8) {
        self.set(order, "UPDATE orders SET next_try_at = created_at WHERE id = $1 AND status = 'pending'")
            .await;
    }

    pub async fn make_late(&self, order: u8) {
        self.set(order, "UPDATE orders SET decide_by = created_at WHERE id = $1").await;
    }

    async fn set(&self, order: u8, sql: &str) {
        let database = &self.stores.order_database;
        let values = [self.order_id(order).0.into()];
        let statement = Statement::from_sql_and_values(database.backend(), sql, values);
        database.writer().execute_raw(statement).await.unwrap();
    }

    /// Both databases against the model's.
    pub async fn compare(&self, state: &State) -> Result<(), Differs> {
        for order in (0..).take(self.instance.orders.len()) {
            let model = state.row(order).map(|row| (row.status, row.content.is_some()));
            same(&format!("order {order}"), model, self.row(order).await)?;
            let model = state.deduction(order).map(|found| (found.verdict, found.content.is_some()));
            same(&format!("deduction of order {order}"), model, self.deduction(order).await)?;
        }
        for (number, product) in self.products.iter().enumerate() {
            let stock = self.stores.stock(*product).await;
            same(&format!("stock of product {number}"), i64::from(state.levels[number]), stock)?;
        }
        Ok(())
    }

    /// Status, and whether its request is known.
    async fn row(&self, order: u8) -> Option<(Status, bool)> {
        let found = self.stores.replica().get(self.order_id(order)).await.ok()?;
        Some((model_status(found.status()), found.request.is_some()))
    }

    async fn deduction(&self, order: u8) -> Option<(Verdict, bool)> {
        let database = &self.stores.product_database;
        let sql = "SELECT cause, request_hash FROM deductions WHERE order_id = $1";
        let values = [self.order_id(order).0.into()];
        let statement = Statement::from_sql_and_values(database.backend(), sql, values);
        let row = database.reader().query_one_raw(statement).await.unwrap()?;
        let cause: Option<String> = row.try_get("", "cause").unwrap();
        let hash: Option<Vec<u8>> = row.try_get("", "request_hash").unwrap();
        let verdict = match cause.as_deref() {
            None => Verdict::Held,
            Some("lines") => Verdict::Short,
            Some("given_up") => Verdict::GivenUp,
            Some(other) => panic!("the model knows no {other}"),
        };
        Some((verdict, hash.is_some()))
    }
}

pub fn model_status(status: OrderStatus) -> Status {
    match status {
        OrderStatus::Pending => Status::Pending,
        OrderStatus::Confirmed => Status::Confirmed,
        OrderStatus::Rejected => Status::Rejected,
        OrderStatus::Cancelled => Status::Cancelled,
    }
}

/// Both must say the same of this.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, model: T, code: T) -> Result<(), Differs> {
    match model == code {
        true => Ok(()),
        false => Err(format!("{what}: the model says {model:?}, the code {code:?}")),
    }
}
