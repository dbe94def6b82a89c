//! A connection that was taken from the pool of groups, and what becomes of it.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio::{runtime::Handle, time::timeout};

use super::error::{ErrorClass, StoreError};

/// A connection of the pool, which gets it back at once only when it is told that all was answered: what comes next would wait behind
/// a statement that was given up, or be in its transaction.
pub struct Lent {
    connection: Option<Object>,
    /// How long a statement may take, by the server.
    statement: Duration,
}

/// One that may still be at work for somebody who waits no longer. It counts as the pool's until the server is done with it: those
/// that nobody waits for must not add up there.
struct Abandoned(Option<Object>);

impl Lent {
    pub fn new(connection: Object, statement: Duration) -> Self {
        Self { connection: Some(connection), statement }
    }

    /// The connection itself.
    ///
    /// # Errors
    /// When it was given back.
    pub fn get(&self) -> Result<&Object, StoreError> {
        let given_back = || StoreError::of(ErrorClass::NotSent, "the connection was given back");
        self.connection.as_ref().ok_or_else(given_back)
    }

    pub fn give_back(mut self) {
        drop(self.connection.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let abandoned = Abandoned(Some(connection));
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(abandoned.wind_up(self.statement));
        }
    }
}

impl Abandoned {
    /// What was sent before is done before; no transaction is open then.
    async fn wind_up(mut self, longest: Duration) {
        let Some(connection) = &self.0 else { return };
        if timeout(longest, connection.batch_execute("ROLLBACK")).await.is_ok_and(|undone| undone.is_ok()) {
            drop(self.0.take());
        }
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}
