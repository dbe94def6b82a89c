//! The sweeper: finishes orders that were cut off, of this replica and of any other. It only rolls forward.

use std::{cell::Cell, time::Duration};

use futures_util::{StreamExt, stream};
use platform::{
    database::StoreError,
    deadline::Deadline,
    problem::chain,
    request_id::{self, RequestId},
};
use tokio::sync::watch;
use tracing::{info, warn};

use super::{error::OrderError, shared::OrderService};
use crate::{
    model::{Order, PendingOrder},
    store::{self, Backoff},
};

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    pub claimed: usize,
    pub finished: usize,
    /// Still pending; to be tried again.
    pub failed: usize,
}

impl OrderService {
    /// Sweeps until told to stop; what is under way then is brought to its end. A full batch is followed at once by the
    /// next.
    pub async fn sweep(&self, mut stop: watch::Receiver<bool>) {
        let sweeper = &self.parts().settings.sweeper;
        let pause = Duration::from_millis(sweeper.every_ms.max(1));
        let mut away = false;
        let mut one_try = self.parts().settings.decide_try();
        while !is_stopped(&stop) {
            let report = self.sweep_unless(one_try, || is_stopped(&stop)).await;
            let report = note_database(report, &mut away);
            one_try = self.next_try(one_try, report);
            self.refresh_backlog().await;
            if report.claimed >= sweeper.concurrency {
                continue;
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Claims one batch of what is due and finishes it.
    ///
    /// # Errors
    /// When nothing could be claimed; an order that could not be finished is counted instead.
    pub async fn sweep_once(&self) -> Result<SweepReport, OrderError> {
        Ok(self.sweep_unless(self.parts().settings.decide_try(), || false).await?)
    }

    /// After a batch that was in vain a try may take twice as long: what the product module decides when nobody waits for it any
    /// more, nobody learns.
    fn next_try(&self, last: Duration, report: SweepReport) -> Duration {
        let settings = &self.parts().settings;
        match report {
            SweepReport { finished: 0, failed: 0, .. } => last,
            SweepReport { finished: 0, .. } => (last * 2).min(settings.longest_sweep_try()),
            _ => settings.decide_try(),
        }
    }

    async fn sweep_unless(
        &self,
        one_try: Duration,
        stopped: impl Fn() -> bool,
    ) -> Result<SweepReport, StoreError> {
        let parts = self.parts();
        let sweeper = &parts.settings.sweeper;
        let backoff = Backoff {
            // also where a try takes longer: of a claimer that dies with what it claimed nobody knows
            busy_ms: parts.settings.decide_try_ms,
            retry_ms: sweeper.retry_ms,
            max_retry_ms: sweeper.max_retry_ms,
            farthest_ms: parts.settings.farthest_try_ms(),
        };
        let batch = store::claim_due(&parts.database, sweeper.concurrency as u64, backoff).await?;
        let report = Cell::new(SweepReport { claimed: batch.len(), ..SweepReport::default() });
        let (report_of, stopped) = (&report, &stopped);
        let each = async |claimed| {
            // what was claimed and is left is due again soon, here or elsewhere
            if stopped() {
                return;
            }
            let finished = self.finish_claimed(claimed, one_try).await;
            parts.metrics.swept(finished);
            let report = report_of.get();
            report_of.set(SweepReport {
                finished: report.finished + usize::from(finished),
                failed: report.failed + usize::from(!finished),
                ..report
            });
        };
        stream::iter(batch).for_each_concurrent(None, each).await;
        Ok(report.get())
    }

    /// One bad order never stops the sweeper: its error ends here.
    async fn finish_claimed(&self, claimed: Result<PendingOrder, StoreError>, one_try: Duration) -> bool {
        let pending = match claimed {
            Ok(pending) => pending,
            Err(error) => {
                warn!(error = chain(&error), "a pending order cannot be read");
                return false;
            }
        };
        let id = RequestId::generate();
        let Err(error) = request_id::scope(id.clone(), self.redo(&pending, one_try)).await else {
            return true;
        };
        warn!(order.id = %pending.id, request_id = %id, error = chain(&error), "an order stays pending for now");
        false
    }

    /// S2 and S3, with one try's time for S2: the next sweep tries again.
    async fn redo(&self, pending: &PendingOrder, one_try: Duration) -> Result<Order, OrderError> {
        let deadline = Deadline::after(one_try + self.parts().settings.deadline());
        let work = async {
            let deduction = self.decide_by_tries(pending, deadline.at_most(one_try), one_try).await?;
            self.project(pending, &deduction).await
        };
        deadline.bound(work).await.unwrap_or_else(|elapsed| Err(OrderError::unknown(pending.id, elapsed)))
    }

    async fn refresh_backlog(&self) {
        // a database that is away was noted by the claim
        if let Ok(backlog) = store::backlog(&self.parts().database).await {
            self.parts().metrics.show(backlog);
        }
    }
}

/// Told to stop, or left by whoever could tell.
fn is_stopped(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

/// Logs once when the database goes away, and once when it is back.
fn note_database(report: Result<SweepReport, StoreError>, away: &mut bool) -> SweepReport {
    match report {
        Ok(report) => {
            if std::mem::take(away) {
                info!("the sweeper reaches its database again");
            }
            report
        }
        Err(error) => {
            if !std::mem::replace(away, true) {
                warn!(error = chain(&error), "the sweeper cannot claim orders");
            }
            SweepReport::default()
        }
    }
}
