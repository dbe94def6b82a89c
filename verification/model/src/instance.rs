//! Small shops: who wants what, and how much may go wrong.

use crate::{
    call::Call,
    flaw::Flaw,
    state::{Content, MOST, State},
};

/// Somebody who works on an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Agent {
    pub role: Role,
    pub order: u8,
}

/// What somebody does with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Places it. Another till of the same order is a repeat, with other content a key used twice.
    Till(Content),
    /// Gives it up by its key.
    Canceller,
    /// Finishes it, as often as it takes.
    Sweeper,
}

/// A shop with up to two products and two orders, one piece a line. Tills and cancellers may leave off whenever they like;
/// all else that goes wrong is counted.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Pieces of each product.
    pub opening: Vec<i8>,
    /// The products of each order, as its request names them.
    pub orders: Vec<Vec<u8>>,
    pub agents: Vec<Agent>,
    /// Products that a piece comes in for, once each.
    pub receipts: Vec<u8>,
    /// Messages lost, doubled or not heard in time, COMMITs not acknowledged, processes killed: so many in a run.
    pub faults: u8,
    /// `decideBy` may pass.
    pub may_be_late: bool,
    /// What a service does between two calls is one step, as it is for whoever drives the services from outside.
    pub whole_calls: bool,
    pub flaw: Option<Flaw>,
}

impl Instance {
    /// Orders of one piece each; every order is swept.
    pub fn of_one_product(opening: i8, agents: &[(Role, u8)]) -> Self {
        let orders = usize::from(agents.iter().map(|(_, order)| order + 1).max().unwrap_or(0));
        let mut agents: Vec<Agent> = agents.iter().map(|&(role, order)| Agent { role, order }).collect();
        agents.extend((0..).take(orders).map(|order| Agent { role: Role::Sweeper, order }));
        Self {
            opening: vec![opening],
            orders: vec![vec![0]; orders],
            agents,
            receipts: Vec::new(),
            faults: 1,
            may_be_late: false,
            whole_calls: false,
            flaw: None,
        }
    }

    pub fn with_receipt(self, product: u8) -> Self {
        Self { receipts: vec![product], ..self }
    }

    pub fn with_faults(self, faults: u8) -> Self {
        Self { faults, ..self }
    }

    pub fn with_lateness(self) -> Self {
        Self { may_be_late: true, ..self }
    }

    pub fn with_flaw(self, flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..self }
    }

    pub fn in_whole_calls(self) -> Self {
        Self { whole_calls: true, ..self }
    }

    pub(crate) fn is(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// The shop before anybody does anything.
    pub fn opened(&self) -> State {
        assert!(self.opening.len() <= MOST && self.orders.len() <= MOST, "larger than the model");
        let mut state = State::empty(self.agents.len(), self.faults);
        for (product, level) in self.opening.iter().enumerate() {
            state.levels[product] = *level;
        }
        state.calls = self.receipts.iter().map(|product| Call::receipt(*product)).collect();
        state
    }

    /// The products of an order in the order of their locks.
    pub(crate) fn locks(&self, order: u8) -> Vec<u8> {
        let mut products = self.orders[usize::from(order)].clone();
        if !self.is(Flaw::LockAsRequested) {
            products.sort_unstable();
        }
        products
    }
}
