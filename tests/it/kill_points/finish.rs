//! An order that its driver left pending, and who finishes it.

use std::{rc::Rc, time::Duration};

use contract::ProductId;
use order::{
    OrderError, OrderService,
    model::{OrderStatus, PlaceOrder},
};
use platform::idempotency::IdempotencyKey;
use product::model::StockPolicy;

use super::lost::{Loss, Unheard};
use crate::support::{
    engine::Engine,
    stores::{Stores, command, hurried, key},
    wait::until,
};

/// Pieces of each product at first.
pub const STOCK: i64 = 10;

#[derive(Clone, Copy, Debug)]
pub enum Finisher {
    /// The sweeper of another replica.
    Sweeper,
    /// The client, who asks another replica with the same key.
    Repeat,
}

/// An order of 3 and 2 pieces, under way.
pub struct Left {
    pub stores: Stores,
    pub products: [ProductId; 2],
    pub key: IdempotencyKey,
    pub command: PlaceOrder,
}

impl Left {
    pub async fn fresh(engine: Engine) -> Self {
        let stores = Stores::fresh(engine).await;
        let a = stores.make_product(StockPolicy::Deny, STOCK).await;
        let b = stores.make_product(StockPolicy::Deny, STOCK).await;
        Self { stores, products: [a, b], key: key(), command: command(&[(a, 3), (b, 2)]) }
    }

    /// The same, for more than there is.
    pub async fn too_much(engine: Engine) -> Self {
        let left = Self::fresh(engine).await;
        let [a, b] = left.products;
        Self { command: command(&[(a, STOCK + 1), (b, 2)]), ..left }
    }

    /// A replica that soon gives up.
    pub fn driver(&self) -> OrderService {
        self.stores.replica_with(hurried(), self.stores.product.clone())
    }

    /// One that cannot hear the product module.
    pub fn deaf_driver(&self, loss: Loss) -> OrderService {
        let product = Rc::new(Unheard { inner: self.stores.product.clone(), loss });
        self.stores.replica_with(hurried(), product)
    }

    pub async fn status(&self) -> OrderStatus {
        self.stores.replica().get(self.stores.order_id(&self.key)).await.unwrap().status()
    }

    /// Has it finished, and sees that both ways agree from then on.
    pub async fn finish(&self, finisher: Finisher) -> OrderStatus {
        assert_eq!(self.status().await, OrderStatus::Pending, "nobody was told anything yet");
        match finisher {
            Finisher::Sweeper => self.sweep().await,
            Finisher::Repeat => drop(self.repeat().await.unwrap()),
        }
        let status = self.status().await;
        let answer = self.repeat().await.unwrap();
        assert_eq!(answer.status(), status, "who comes later is told the same");
        let idle = self.stores.replica().sweep_once().await.unwrap();
        assert_eq!(idle.claimed, 0, "nothing is left to sweep");
        status
    }

    /// It ended confirmed: everything was taken once.
    pub async fn assert_sold(&self) {
        assert_eq!(self.status().await, OrderStatus::Confirmed);
        let found = self.stores.audit().await;
        assert_eq!((found.orders, found.confirmed, found.held, found.movements), (1, 1, 1, 2));
        let [a, b] = self.products;
        assert_eq!((self.stores.stock(a).await, self.stores.stock(b).await), (STOCK - 3, STOCK - 2));
    }

    /// It ended in this way, and nothing was taken.
    pub async fn assert_not_sold(&self, status: OrderStatus) {
        assert_eq!(self.status().await, status);
        let found = self.stores.audit().await;
        assert_eq!((found.orders, found.pending, found.held, found.movements), (1, 0, 0, 0));
        for product in self.products {
            assert_eq!(self.stores.stock(product).await, STOCK);
        }
    }

    pub async fn repeat(&self) -> Result<order::model::Order, OrderError> {
        let answer = self.stores.replica().place(&self.key, &self.command).await?;
        assert!(answer.replayed);
        Ok(answer.value)
    }

    async fn sweep(&self) {
        let sweeper = self.stores.replica();
        until("the sweeper finishes the order", Duration::from_secs(10), async || {
            let report = sweeper.sweep_once().await.unwrap();
            assert_eq!(report.failed, 0);
            (report.finished == 1).then_some(())
        })
        .await;
    }
}
