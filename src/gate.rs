//! Counts requests under way, and turns late ones away, so that a stop loses none.
//!
//! Pooled connections belong to the thread that opened them and break when it ends. So no thread may end while a request
//! anywhere may still use one: first nothing is let in, then what is in finishes, and only then the threads stop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    Error,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::ConnectionType,
    middleware::Next,
    web::Data,
};
use contract::Code;
use platform::{
    deadline::Deadline,
    http::{Draining, Holding},
};

/// How often the number of requests under way is looked at while the process stops.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The process's gate; cheap to clone.
#[derive(Clone, Default)]
pub struct Gate(Arc<State>);

#[derive(Default)]
struct State {
    closed: AtomicBool,
    under_way: AtomicUsize,
}

/// One request under way; dropped wherever its work ends.
struct Pass(Gate);

impl Gate {
    /// From now on requests are turned away; waits for those that were let in. Answers how many did not end in time.
    pub async fn close(&self, deadline: Deadline) -> usize {
        self.0.closed.store(true, Ordering::SeqCst);
        while self.under_way() > 0 && !deadline.has_passed() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.under_way()
    }

    fn under_way(&self) -> usize {
        self.0.under_way.load(Ordering::SeqCst)
    }

    /// Counts first and looks then: a request that finds the gate open is seen by whoever closed it.
    fn enter(&self) -> Option<Pass> {
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        let pass = Pass(self.clone());
        (!self.0.closed.load(Ordering::SeqCst)).then_some(pass)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Middleware: lets a request in, or answers that nothing happened. While the process drains, callers are told to open
/// their next connection elsewhere.
pub async fn pass_gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let gate = request.app_data::<Data<Gate>>().cloned();
    let draining = request.app_data::<Data<Draining>>().cloned();
    let pass = gate.as_ref().map(|gate| gate.enter());
    if let Some(None) = pass {
        let problem = Code::Unavailable.not_now("This process is stopping; nothing happened. Ask again.");
        let mut response = request.error_response(problem).map_into_right_body();
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        return Ok(response);
    }
    // under way until the last byte of its answer was taken
    let passing = |body| Holding::new(body, pass.flatten());
    let response = next.call(request).await?;
    let mut response = response.map_body(|_, body| passing(body)).map_into_left_body();
    if draining.is_some_and(|draining| draining.is_on()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_closed_gate_waits_for_those_inside_and_lets_nobody_in() {
        let gate = Gate::default();
        let pass = gate.enter().unwrap();
        assert_eq!(gate.close(Deadline::after(Duration::from_millis(20))).await, 1);
        assert!(gate.enter().is_none());
        drop(pass);
        assert_eq!(gate.close(Deadline::after(Duration::from_secs(5))).await, 0);
    }
}
