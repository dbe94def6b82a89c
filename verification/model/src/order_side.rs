//! The order module: S1, the call of S2, S3; tills, cancellers and sweepers.

use crate::{
    call::{Call, CallAt, Question, Reply},
    flaw::Flaw,
    instance::{Agent, Instance, Role},
    product_side::drop_caller,
    protocol::Step,
    state::{Content, Doubt, Pending, Place, Row, State, Status, Told, Verdict, Work},
};

impl Instance {
    pub(crate) fn order_steps(&self, state: &State, agent: u8, steps: &mut Vec<Step>) {
        let Agent { role, order } = self.agents[usize::from(agent)];
        let place = state.work[usize::from(agent)].place;
        let faulty = state.faults_left > 0;
        match place {
            Place::Start => self.first_steps(state, agent, steps),
            Place::Standing => steps.push(Step::Standing(agent)),
            Place::Asking(_) => steps.push(Step::Ask(agent)),
            Place::Waiting(_) => {
                let mine = |call: &&Call| call.caller == Some(agent);
                let answered = |call: &Call| matches!(call.at, CallAt::Answered(_));
                if state.calls.iter().find(mine).is_some_and(answered) {
                    steps.push(Step::Hear(agent));
                }
                if faulty {
                    steps.push(Step::NotHeard(agent));
                }
            }
            Place::Projecting(_) if self.is(Flaw::AnswerBeforeCommit) && matches!(role, Role::Till(_)) => {
                steps.push(Step::AnswerEarly(agent));
            }
            Place::Projecting(_) | Place::Committing(_) if state.projection_in_doubt(order) => {}
            Place::Projecting(_) | Place::Committing(_) => {
                steps.push(Step::Project(agent));
                let pending = state.row(order).is_some_and(|row| row.status == Status::Pending);
                if faulty && pending {
                    steps.push(Step::ProjectUnacknowledged(agent));
                }
            }
            Place::End => {}
        }
        let under_way = !matches!(place, Place::Start | Place::End);
        if under_way && (role != Role::Sweeper || faulty) {
            steps.push(Step::LeaveOff(agent));
        }
    }

    fn first_steps(&self, state: &State, agent: u8, steps: &mut Vec<Step>) {
        let Agent { role, order } = self.agents[usize::from(agent)];
        let row = state.row(order);
        let (known, unacknowledged) = match role {
            Role::Till(_) => (Step::Intend(agent), Step::IntendUnacknowledged(agent)),
            Role::Canceller => (Step::Open(agent), Step::OpenUnacknowledged(agent)),
            Role::Sweeper => {
                let due = row.is_some_and(|row| row.status == Status::Pending);
                if due && !state.projection_in_doubt(order) {
                    steps.push(Step::Claim(agent));
                }
                return;
            }
        };
        if state.intent_in_doubt(order) {
            return;
        }
        steps.push(known);
        let writes = match role {
            Role::Till(_) => !self.is(Flaw::NoIntent),
            Role::Canceller => !self.is(Flaw::CancelWithoutRow),
            Role::Sweeper => false,
        };
        if row.is_none() && state.faults_left > 0 && writes {
            steps.push(unacknowledged);
        }
    }

    pub(crate) fn take_order_step(&self, state: &mut State, step: Step) {
        match step {
            Step::Intend(agent) | Step::Open(agent) => self.begin(state, agent),
            Step::IntendUnacknowledged(agent) | Step::OpenUnacknowledged(agent) => {
                self.begin_in_doubt(state, agent);
            }
            Step::Claim(agent) | Step::Standing(agent) => self.read(state, agent),
            Step::Ask(agent) => self.ask(state, agent),
            Step::Hear(agent) => self.hear(state, agent),
            Step::AnswerEarly(agent) => {
                let work = &mut state.work[usize::from(agent)];
                if let Place::Projecting(verdict) = work.place {
                    *work = Work {
                        place: Place::Committing(verdict),
                        told: Some(Told::Decided(verdict.status())),
                    };
                }
            }
            Step::Project(agent) => self.project(state, agent),
            Step::ProjectUnacknowledged(agent) => {
                state.faults_left -= 1;
                let Agent { order, .. } = self.agents[usize::from(agent)];
                if let Some(status) = self.decided(state, agent) {
                    state.doubts.push(Doubt::Projection { order, agent, status });
                }
                self.end(state, agent, None);
            }
            Step::LeaveOff(agent) => {
                drop_caller(state, agent);
                if self.agents[usize::from(agent)].role == Role::Sweeper {
                    state.faults_left -= 1;
                }
                self.end(state, agent, None);
            }
            Step::DoubtTakesEffect(index) => {
                take_effect(state, usize::from(index));
            }
            Step::DoubtRollsBack(index) => drop(state.doubts.remove(usize::from(index))),
            _ => {}
        }
    }

    /// What this agent's first write inserts.
    fn content_of(&self, agent: u8) -> Option<Content> {
        match self.agents[usize::from(agent)].role {
            Role::Till(content) => Some(content),
            Role::Canceller | Role::Sweeper => None,
        }
    }

    fn begin(&self, state: &mut State, agent: u8) {
        let Agent { role, order } = self.agents[usize::from(agent)];
        let content = self.content_of(agent);
        let pending = Pending { content, late: content.is_none() };
        if role == Role::Canceller && self.is(Flaw::CancelWithoutRow) && state.row(order).is_none() {
            return self.end(state, agent, Some(Told::Decided(Status::Cancelled)));
        }
        let left_out = self.is(Flaw::NoIntent) && role != Role::Canceller;
        let work = &mut state.work[usize::from(agent)];
        if left_out && state.rows[usize::from(order)].is_none() {
            work.place = Place::Asking(pending);
            return;
        }
        let row = &mut state.rows[usize::from(order)];
        if row.is_some() {
            work.place = Place::Standing;
            return;
        }
        *row = Some(Row { status: Status::Pending, content, late: pending.late });
        // a canceller reads what stands in any case
        work.place = if role == Role::Canceller { Place::Standing } else { Place::Asking(pending) };
    }

    fn begin_in_doubt(&self, state: &mut State, agent: u8) {
        state.faults_left -= 1;
        let Agent { role, order } = self.agents[usize::from(agent)];
        let content = self.content_of(agent);
        state.doubts.push(Doubt::Intent { order, content });
        if self.is(Flaw::AskWhileIntentUnknown) && role != Role::Canceller {
            state.work[usize::from(agent)].place = Place::Asking(Pending { content, late: false });
            return;
        }
        self.end(state, agent, None);
    }

    /// Takes what stands under the order's id in hand, or answers it.
    fn read(&self, state: &mut State, agent: u8) {
        let Agent { role, order } = self.agents[usize::from(agent)];
        let Some(row) = state.row(order) else {
            return self.end(state, agent, None);
        };
        let other = |content| row.content.is_some_and(|stands| stands != content);
        if let Role::Till(content) = role
            && other(content)
        {
            return self.end(state, agent, Some(Told::KeyReused));
        }
        match row.status {
            Status::Pending => {
                let pending = Pending { content: row.content, late: row.late };
                state.work[usize::from(agent)].place = Place::Asking(pending);
            }
            decided => self.end(state, agent, Some(Told::Decided(decided))),
        }
    }

    fn ask(&self, state: &mut State, agent: u8) {
        let Agent { role, order } = self.agents[usize::from(agent)];
        let Place::Asking(pending) = state.work[usize::from(agent)].place else {
            return;
        };
        let guess = match role {
            Role::Sweeper if self.is(Flaw::NothingFoundIsRefusal) => {
                Some(state.deduction(order).map_or(Verdict::Short, |found| found.verdict))
            }
            Role::Canceller if self.is(Flaw::CancelWithoutRefusal) => Some(Verdict::GivenUp),
            _ => None,
        };
        if let Some(verdict) = guess {
            state.work[usize::from(agent)].place = Place::Projecting(verdict);
            return;
        }
        let question = match pending.content {
            Some(content) if role != Role::Canceller && !pending.late => Question::Decide { order, content },
            content => Question::Refuse { order, content },
        };
        state.calls.push(Call::new(agent, question));
        state.work[usize::from(agent)].place = Place::Waiting(pending);
    }

    fn hear(&self, state: &mut State, agent: u8) {
        let Some(index) = state.calls.iter().position(|call| call.caller == Some(agent)) else {
            return;
        };
        let call = state.calls.remove(index);
        match call.at {
            CallAt::Answered(Reply::Decided(verdict)) => {
                state.work[usize::from(agent)].place = Place::Projecting(verdict);
            }
            // a sweeper would ask for ever
            CallAt::Answered(Reply::KeyReused) => {
                state.work[usize::from(agent)] = Work { place: Place::End, told: Some(Told::KeyReused) };
            }
            _ => {}
        }
    }

    /// What S3 of this agent writes.
    fn decided(&self, state: &State, agent: u8) -> Option<Status> {
        let (Place::Projecting(verdict) | Place::Committing(verdict)) = state.work[usize::from(agent)].place
        else {
            return None;
        };
        let till = matches!(self.agents[usize::from(agent)].role, Role::Till(_));
        match verdict.status() {
            Status::Rejected if self.is(Flaw::StatusByProjector) && !till => Some(Status::Cancelled),
            status => Some(status),
        }
    }

    fn project(&self, state: &mut State, agent: u8) {
        let Agent { order, .. } = self.agents[usize::from(agent)];
        let Some(status) = self.decided(state, agent) else {
            return;
        };
        let content = self.content_of(agent);
        let row = &mut state.rows[usize::from(order)];
        if row.is_none() && self.is(Flaw::NoIntent) {
            *row = Some(Row { status: Status::Pending, content, late: false });
        }
        let Some(row) = row else {
            return self.end(state, agent, None);
        };
        if row.status == Status::Pending {
            row.status = status;
        }
        let stands = row.status;
        self.end(state, agent, Some(Told::Decided(stands)));
    }

    /// A sweeper goes on, and tells nobody.
    fn end(&self, state: &mut State, agent: u8, told: Option<Told>) {
        let work = &mut state.work[usize::from(agent)];
        match self.agents[usize::from(agent)].role {
            Role::Sweeper => *work = Work { place: Place::Start, told: None },
            Role::Till(_) | Role::Canceller => *work = Work { place: Place::End, told: work.told.or(told) },
        }
    }
}

fn take_effect(state: &mut State, index: usize) {
    match state.doubts.remove(index) {
        Doubt::Intent { order, content } => {
            let row = Row { status: Status::Pending, content, late: content.is_none() };
            state.rows[usize::from(order)].get_or_insert(row);
        }
        Doubt::Projection { order, status, .. } => {
            if let Some(row) = &mut state.rows[usize::from(order)] {
                row.status = status;
            }
        }
    }
}
