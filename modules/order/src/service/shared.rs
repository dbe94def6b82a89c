//! What all workers share, and what each has of its own.

use std::{rc::Rc, sync::Arc};

use contract::{OrderId, ProductApi, Shop};
use platform::{
    database::{Database, Groups},
    deadline::Deadline,
    metrics::Metrics,
};

use super::{admission::Admission, error::OrderError, metrics::OrderMetrics};
use crate::{
    settings::OrderSettings,
    store::{IntentTimes, Intents, Projections},
};

/// What the workers of a process share; cheap to clone.
#[derive(Clone)]
pub struct OrderShared(pub(super) Arc<Parts>);

pub(super) struct Parts {
    pub(super) database: Database,
    pub(super) shop: Shop,
    pub(super) settings: OrderSettings,
    pub(super) admission: Admission,
    pub(super) metrics: OrderMetrics,
    /// S1 and S3 of orders that are placed at the same time.
    pub(super) intents: Groups<Intents>,
    pub(super) projections: Groups<Projections>,
}

/// The order module of one worker: an HTTP client to the product module cannot leave its thread.
#[derive(Clone)]
pub struct OrderService {
    pub(super) shared: OrderShared,
    pub(super) product: Rc<dyn ProductApi>,
}

impl OrderShared {
    pub fn new(database: Database, shop: Shop, settings: OrderSettings, metrics: &Metrics) -> Self {
        let metrics = OrderMetrics::register(metrics);
        let admission = Admission::new(&settings, &metrics);
        let intents = database.in_groups(Intents);
        let projections = database.in_groups(Projections);
        Self(Arc::new(Parts { database, shop, settings, admission, metrics, intents, projections }))
    }

    /// Intents and projections are written by the thread that calls from now on, unless another writes them.
    pub fn begin_groups(&self) {
        self.0.intents.begin();
        self.0.projections.begin();
    }
}

impl Parts {
    /// The deadline of a request that begins now.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.settings.deadline())
    }

    pub(super) fn intent_times(&self) -> IntentTimes {
        IntentTimes {
            decide_by_ms: self.settings.decide_by_ms,
            first_sweep_ms: self.settings.first_sweep_ms(),
        }
    }
}

impl OrderService {
    pub fn new(shared: OrderShared, product: Rc<dyn ProductApi>) -> Self {
        Self { shared, product }
    }

    /// The shop whose orders these are.
    pub fn shop(&self) -> &Shop {
        &self.parts().shop
    }

    /// Works on an order until its caller waits no longer; what is left behind then is pending, and finished as such.
    ///
    /// # Errors
    /// What the work answered, or that its outcome is not known.
    pub(crate) async fn until<T>(
        &self,
        caller: Deadline,
        order: OrderId,
        work: impl Future<Output = Result<T, OrderError>>,
    ) -> Result<T, OrderError> {
        caller.bound(work).await.unwrap_or_else(|late| {
            let error = OrderError::unknown(order, late);
            self.parts().metrics.failed(&error);
            Err(error)
        })
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.shared.0
    }
}
