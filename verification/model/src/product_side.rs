//! S2 in the product database: locks, then a read, then writes, then COMMIT; and what may become of a call.

use crate::{
    call::{Call, CallAt, Question, Written},
    flaw::Flaw,
    instance::{Instance, Role},
    protocol::Step,
    state::{Deduction, Place, State, Status, Told, Verdict},
};

impl Instance {
    pub(crate) fn product_steps(&self, state: &State, index: u8, steps: &mut Vec<Step>) {
        let call = state.calls[usize::from(index)];
        let faulty = state.faults_left > 0 && call.question.order().is_some();
        match call.at {
            CallAt::Sent | CallAt::Locked(_) => match self.next_lock(&call) {
                Some(product) if self.is_locked(state, product) => {}
                Some(_) => steps.push(Step::Lock(index)),
                None if call.question.order().is_none() => steps.push(Step::Commit(index)),
                None => steps.push(Step::Look(index)),
            },
            CallAt::Looked if is_rivalled(state, index) => {}
            CallAt::Looked => steps.push(Step::Write(index)),
            CallAt::Wrote(_) => steps.push(Step::Commit(index)),
            CallAt::InDoubt(_) => steps.extend([Step::CallTakesEffect(index), Step::CallRollsBack(index)]),
            CallAt::Answered(_) => {}
        }
        if faulty {
            match call.at {
                CallAt::Sent => steps.extend([Step::CallLost(index), Step::CallDoubled(index)]),
                CallAt::Locked(_) | CallAt::Looked => steps.push(Step::CallDies(index)),
                CallAt::Wrote(_) => {
                    steps.extend([Step::CallDies(index), Step::CommitUnacknowledged(index)]);
                }
                CallAt::InDoubt(_) | CallAt::Answered(_) => {}
            }
        }
    }

    /// Takes the step if it is one of these.
    pub(crate) fn take_product_step(&self, state: &mut State, step: Step) -> bool {
        match step {
            Step::Lock(index) => {
                let call = &mut state.calls[usize::from(index)];
                let held = if let CallAt::Locked(held) = call.at { held } else { 0 };
                call.at = CallAt::Locked(held + 1);
            }
            Step::Look(index) => self.look(state, index),
            Step::Write(index) => self.write(state, index),
            Step::Commit(index) | Step::CallTakesEffect(index) => self.commit(state, index),
            Step::CommitUnacknowledged(index) => {
                state.faults_left -= 1;
                let call = &mut state.calls[usize::from(index)];
                if let CallAt::Wrote(written) = call.at {
                    call.at = CallAt::InDoubt(written);
                }
                let caller = call.caller.take();
                self.leave_unknown(state, caller);
            }
            Step::CallRollsBack(index) => drop(state.calls.remove(usize::from(index))),
            Step::CallLost(index) | Step::CallDies(index) => {
                state.faults_left -= 1;
                let call = state.calls.remove(usize::from(index));
                self.leave_unknown(state, call.caller);
            }
            Step::CallDoubled(index) => {
                state.faults_left -= 1;
                let call = state.calls[usize::from(index)];
                state.calls.push(Call { caller: None, ..call });
            }
            Step::NotHeard(agent) => {
                state.faults_left -= 1;
                drop_caller(state, agent);
                self.leave_unknown(state, Some(agent));
            }
            _ => return false,
        }
        true
    }

    /// The caller's try is over without an answer: it asks again, unless it leaves off.
    fn leave_unknown(&self, state: &mut State, caller: Option<u8>) {
        let Some(caller) = caller.map(usize::from) else {
            return;
        };
        let work = &mut state.work[caller];
        if let Place::Waiting(pending) = work.place {
            work.place = Place::Asking(pending);
        }
        if self.is(Flaw::TimeoutIsRefusal) && matches!(self.agents[caller].role, Role::Till(_)) {
            work.place = Place::End;
            work.told = Some(Told::Decided(Status::Rejected));
        }
    }

    /// A refusal locks nothing.
    fn locks_of(&self, question: Question) -> Vec<u8> {
        match question {
            Question::Decide { order, .. } => self.locks(order),
            Question::Refuse { .. } => Vec::new(),
            Question::Receive { product } => vec![product],
        }
    }

    fn next_lock(&self, call: &Call) -> Option<u8> {
        let held = if let CallAt::Locked(held) = call.at { held } else { 0 };
        self.locks_of(call.question).get(usize::from(held)).copied()
    }

    fn is_locked(&self, state: &State, product: u8) -> bool {
        state.calls.iter().any(|call| {
            let held = match call.at {
                CallAt::Sent | CallAt::Answered(_) => 0,
                CallAt::Locked(held) => usize::from(held),
                CallAt::Looked | CallAt::Wrote(_) | CallAt::InDoubt(_) => usize::MAX,
            };
            held > 0 && self.locks_of(call.question).iter().take(held).any(|locked| *locked == product)
        })
    }

    fn look(&self, state: &mut State, index: u8) {
        let call = state.calls[usize::from(index)];
        let found = call.question.order().and_then(|order| state.deduction(order));
        let Some(stands) = found else {
            state.calls[usize::from(index)].at = CallAt::Looked;
            return;
        };
        let again = self.is(Flaw::DeductAgain) && stands.verdict == Verdict::Held;
        if again && let Question::Decide { .. } = call.question {
            let written = Written { deduction: None, takes: true, stands: Some(stands) };
            state.calls[usize::from(index)].at = CallAt::Wrote(written);
            return;
        }
        answer(state, index, stands);
    }

    fn write(&self, state: &mut State, index: u8) {
        let call = &state.calls[usize::from(index)];
        let Some(order) = call.question.order() else {
            return;
        };
        let decided = match call.question {
            Question::Decide { content, .. } => {
                Deduction { verdict: self.decide(state, order), content: Some(content) }
            }
            Question::Refuse { content, .. } => Deduction { verdict: Verdict::GivenUp, content },
            Question::Receive { .. } => return,
        };
        let takes = decided.verdict == Verdict::Held;
        let stood = state.deduction(order).is_some();
        let unrecorded = decided.verdict == Verdict::Short && self.is(Flaw::RefusalUnrecorded);
        let at = match (stood, self.is(Flaw::DoNothing)) {
            // the INSERT fails, and the whole transaction is redone
            (true, false) => CallAt::Sent,
            (true, true) => CallAt::Wrote(Written { deduction: None, takes, stands: Some(decided) }),
            (false, _) => {
                let deduction = (!unrecorded).then_some(decided);
                CallAt::Wrote(Written { deduction, takes, stands: Some(decided) })
            }
        };
        state.calls[usize::from(index)].at = at;
    }

    fn decide(&self, state: &State, order: u8) -> Verdict {
        let products = &self.orders[usize::from(order)];
        let covered = products.iter().all(|product| state.levels[usize::from(*product)] > 0);
        if covered || self.is(Flaw::FloorUnchecked) { Verdict::Held } else { Verdict::Short }
    }

    fn commit(&self, state: &mut State, index: u8) {
        let call = state.calls[usize::from(index)];
        if let Question::Receive { product } = call.question {
            state.levels[usize::from(product)] += 1;
            state.received[usize::from(product)] += 1;
            state.calls.remove(usize::from(index));
            return;
        }
        let (Some(order), Some(written)) = (call.question.order(), call.uncommitted()) else {
            return;
        };
        if let Some(deduction) = written.deduction {
            state.deductions[usize::from(order)] = Some(deduction);
        }
        if written.takes {
            state.sold[usize::from(order)] += 1;
            for product in &self.orders[usize::from(order)] {
                state.levels[usize::from(*product)] -= 1;
            }
        }
        if let Some(stands) = written.stands {
            answer(state, index, stands);
        }
    }
}

/// Another transaction has inserted a deduction of the same order and not committed: an INSERT waits for it.
fn is_rivalled(state: &State, index: u8) -> bool {
    let order = state.calls[usize::from(index)].question.order();
    let others = state.calls.iter().enumerate().filter(|(other, _)| *other != usize::from(index));
    let inserted = |call: &Call| call.uncommitted().is_some_and(|written| written.deduction.is_some());
    others.into_iter().any(|(_, call)| call.question.order() == order && inserted(call))
}

/// The answer goes to the caller, if there is one still.
fn answer(state: &mut State, index: u8, stands: Deduction) {
    let call = &mut state.calls[usize::from(index)];
    match call.caller {
        Some(_) => call.at = CallAt::Answered(call.question.reply(stands)),
        None => drop(state.calls.remove(usize::from(index))),
    }
}

/// Nobody waits for this agent's call any more; it goes on.
pub(crate) fn drop_caller(state: &mut State, agent: u8) {
    state.calls.retain(|call| call.caller != Some(agent) || !matches!(call.at, CallAt::Answered(_)));
    for call in &mut state.calls {
        call.caller = call.caller.filter(|caller| *caller != agent);
    }
}
