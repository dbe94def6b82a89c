//! The steps, which of them can be taken, and the checker's view of both.

use stateright::{Model, Property};

use crate::{
    instance::{Instance, Role},
    property::properties,
    state::{Place, State, Status},
};

/// One step, of the agent, the call, the doubt or the order of this index. Those named `Unacknowledged` send a COMMIT
/// whose acknowledgement is lost: what it becomes is a step of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// S1: `intend`, up to where it has inserted the order or found one.
    Intend(u8),
    IntendUnacknowledged(u8),
    /// `open_cancellation`.
    Open(u8),
    OpenUnacknowledged(u8),
    /// `claim_due`.
    Claim(u8),
    /// `standing`.
    Standing(u8),
    /// `decide` or `refuse`: sends the call.
    Ask(u8),
    /// The answer arrives.
    Hear(u8),
    /// The time of one try is over; the call, or its answer, may still be on its way.
    NotHeard(u8),
    /// S3: `project`.
    Project(u8),
    ProjectUnacknowledged(u8),
    /// The flaw of that name.
    AnswerEarly(u8),
    /// Its process is killed, or its deadline has passed.
    LeaveOff(u8),
    /// S2 in the product module: `lock_all`, the next row.
    Lock(u8),
    /// `find_deduction`.
    Look(u8),
    /// `insert_deduction` and `append`.
    Write(u8),
    Commit(u8),
    CommitUnacknowledged(u8),
    CallTakesEffect(u8),
    CallRollsBack(u8),
    /// The message never arrives.
    CallLost(u8),
    /// The message arrives twice.
    CallDoubled(u8),
    /// The product process is killed, or its database fails the transaction.
    CallDies(u8),
    DoubtTakesEffect(u8),
    DoubtRollsBack(u8),
    /// `decideBy` passes.
    GrowLate(u8),
}

impl Instance {
    /// Every step that can be taken.
    pub fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        for agent in (0..).take(self.agents.len()) {
            self.order_steps(state, agent, &mut steps);
        }
        for call in (0..).take(state.calls.len()) {
            self.product_steps(state, call, &mut steps);
        }
        for doubt in (0..).take(state.doubts.len()) {
            steps.extend([Step::DoubtTakesEffect(doubt), Step::DoubtRollsBack(doubt)]);
        }
        if self.may_be_late {
            let may =
                |order: &u8| state.row(*order).is_some_and(|row| row.status == Status::Pending && !row.late);
            steps.extend((0..).take(self.orders.len()).filter(may).map(Step::GrowLate));
        }
        steps
    }

    /// The state after a step that can be taken.
    pub fn after(&self, state: &State, step: Step) -> State {
        let mut next = state.clone();
        if let Step::GrowLate(order) = step {
            if let Some(row) = &mut next.rows[usize::from(order)] {
                row.late = true;
            }
        } else if !self.take_product_step(&mut next, step) {
            self.take_order_step(&mut next, step);
            if let (true, Step::Open(agent) | Step::Claim(agent)) = (self.whole_calls, step) {
                self.go_on_to_call(&mut next, agent);
            }
        }
        next.settle();
        next
    }

    fn go_on_to_call(&self, state: &mut State, agent: u8) {
        if state.work[usize::from(agent)].place == Place::Standing {
            self.take_order_step(state, Step::Standing(agent));
        }
        if let Place::Asking(_) = state.work[usize::from(agent)].place {
            self.take_order_step(state, Step::Ask(agent));
        }
    }

    pub(crate) fn has_canceller(&self) -> bool {
        self.agents.iter().any(|agent| agent.role == Role::Canceller)
    }
}

impl Model for Instance {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![self.opened()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        actions.append(&mut self.steps(state));
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        Some(self.after(state, step))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties(self)
    }
}
