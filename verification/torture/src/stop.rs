//! The end of the faults, for everybody who waits.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// Ends a phase for all who hold a [`Stop`].
pub struct Ender(watch::Sender<bool>);

#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

pub fn phase() -> (Ender, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Ender(sender), Stop(receiver))
}

impl Ender {
    pub fn end(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    pub fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits so long, or until the phase ends.
    pub async fn pause(&self, time: Duration) {
        let mut receiver = self.0.clone();
        if timeout(time, receiver.wait_for(|ended| *ended)).await.is_ok_and(|waited| waited.is_err()) {
            // whoever could end the phase is gone
            sleep(time).await;
        }
    }
}
