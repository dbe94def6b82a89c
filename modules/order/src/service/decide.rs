//! S2: asks the product module until it answers, or the deadline is near.

use std::time::Duration;

use contract::{Deduction, OrderId, ProductApiError};
use platform::deadline::Deadline;

use super::{error::OrderError, shared::OrderService};
use crate::model::PendingOrder;

/// Longest pause after the first try; doubles with each.
const FIRST_PAUSE_MS: u64 = 25;
const MAX_PAUSE_MS: u64 = 200;

impl OrderService {
    /// S2: the decision about a pending order. One that is past its `decideBy`, or of which no request ever arrived, is
    /// refused instead. A kill after it leaves a decision that every repeat of S2 answers.
    ///
    /// # Errors
    /// When the decision is not known by the deadline, or the product module does not take the call.
    pub async fn decide(&self, order: &PendingOrder, deadline: Deadline) -> Result<Deduction, OrderError> {
        self.decide_by_tries(order, deadline, self.parts().settings.decide_try()).await
    }

    /// [`OrderService::decide`], each try taking up to `one_try`.
    pub(super) async fn decide_by_tries(
        &self,
        order: &PendingOrder,
        deadline: Deadline,
        one_try: Duration,
    ) -> Result<Deduction, OrderError> {
        let Some(question) = order.question() else {
            return self.refuse_by_tries(order, deadline, one_try).await;
        };
        self.ask(order.id, deadline, one_try, async |deadline| {
            self.product.decide(order.id, &question, deadline).await
        })
        .await
    }

    /// S2 of an order that is given up: refuses it, unless it was decided; answers what stands.
    ///
    /// # Errors
    /// As [`OrderService::decide`].
    pub async fn refuse(&self, order: &PendingOrder, deadline: Deadline) -> Result<Deduction, OrderError> {
        self.refuse_by_tries(order, deadline, self.parts().settings.decide_try()).await
    }

    async fn refuse_by_tries(
        &self,
        order: &PendingOrder,
        deadline: Deadline,
        one_try: Duration,
    ) -> Result<Deduction, OrderError> {
        let refusal = order.refusal();
        self.ask(order.id, deadline, one_try, async |deadline| {
            self.product.refuse(order.id, &refusal, deadline).await
        })
        .await
    }

    /// Repeats the call while its outcome is unknown: the first decision stands, so a repeat can only learn it.
    async fn ask(
        &self,
        order: OrderId,
        deadline: Deadline,
        one_try: Duration,
        call: impl AsyncFn(Deadline) -> Result<Deduction, ProductApiError>,
    ) -> Result<Deduction, OrderError> {
        let mut longest_pause_ms = FIRST_PAUSE_MS;
        loop {
            let this_try = deadline.at_most(one_try);
            let answer = this_try.bound(call(this_try)).await;
            let error =
                match answer.unwrap_or_else(|elapsed| Err(ProductApiError::Unknown(elapsed.to_string()))) {
                    Ok(deduction) => return Ok(deduction),
                    Err(ProductApiError::KeyReused) => return Err(OrderError::KeyReused),
                    Err(cause @ ProductApiError::Rejected(_)) => {
                        return Err(OrderError::NotDecided { order, cause });
                    }
                    Err(error @ ProductApiError::Unknown(_)) => error,
                };
            let pause = jittered(longest_pause_ms);
            if deadline.remaining() <= pause {
                return Err(OrderError::unknown(order, error));
            }
            tokio::time::sleep(pause).await;
            longest_pause_ms = (longest_pause_ms * 2).min(MAX_PAUSE_MS);
        }
    }
}

/// Half of it at least, so that those who failed together do not come back together.
fn jittered(longest_ms: u64) -> Duration {
    let random = uuid::Uuid::new_v4().as_u128() as u64;
    Duration::from_millis(longest_ms / 2 + random % (longest_ms / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_anything_from_half_of_the_longest_to_all_of_it() {
        let drawn: Vec<u64> = (0..2000).map(|_| jittered(26).as_millis() as u64).collect();
        for ms in 13..=26 {
            assert!(drawn.contains(&ms), "never {ms} ms");
        }
        assert!(drawn.iter().all(|ms| (13..=26).contains(ms)));
    }
}
