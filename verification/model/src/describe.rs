//! A step in words, for whoever reads a counterexample.

use crate::{
    call::{Call, CallAt, Question},
    instance::{Instance, Role},
    protocol::Step,
    state::{Doubt, State},
};

/// Says what a step does, in the state in which it is taken.
pub fn describe(instance: &Instance, state: &State, step: Step) -> String {
    let who = |agent: u8| name(instance, agent);
    let call = |index: u8| call_name(instance, &state.calls[usize::from(index)]);
    match step {
        Step::Intend(agent) => format!("{}: S1", who(agent)),
        Step::IntendUnacknowledged(agent) => format!("{}: S1, COMMIT not acknowledged", who(agent)),
        Step::Open(agent) => format!("{}: opens the cancellation", who(agent)),
        Step::OpenUnacknowledged(agent) => {
            format!("{}: opens the cancellation, COMMIT not acknowledged", who(agent))
        }
        Step::Claim(agent) => format!("{}: claims", who(agent)),
        Step::Standing(agent) => format!("{}: reads what stands", who(agent)),
        Step::Ask(agent) => format!("{}: asks for S2", who(agent)),
        Step::Hear(agent) => format!("{}: hears the answer", who(agent)),
        Step::NotHeard(agent) => format!("{}: hears nothing in time", who(agent)),
        Step::Project(agent) => format!("{}: S3", who(agent)),
        Step::ProjectUnacknowledged(agent) => format!("{}: S3, COMMIT not acknowledged", who(agent)),
        Step::AnswerEarly(agent) => format!("{}: answers", who(agent)),
        Step::LeaveOff(agent) => format!("{}: leaves off", who(agent)),
        Step::Lock(index) => format!("{}: locks a stock row", call(index)),
        Step::Look(index) => format!("{}: looks for a deduction", call(index)),
        Step::Write(index) => format!("{}: writes", call(index)),
        Step::Commit(index) => format!("{}: COMMIT", call(index)),
        Step::CommitUnacknowledged(index) => format!("{}: COMMIT, not acknowledged", call(index)),
        Step::CallTakesEffect(index) => format!("{}: the COMMIT takes effect", call(index)),
        Step::CallRollsBack(index) => format!("{}: the COMMIT fails", call(index)),
        Step::CallLost(index) => format!("{}: never arrives", call(index)),
        Step::CallDoubled(index) => format!("{}: will arrive twice", call(index)),
        Step::CallDies(index) => format!("{}: is killed and rolled back", call(index)),
        Step::DoubtTakesEffect(index) => format!("{}: takes effect", doubt_name(state, index)),
        Step::DoubtRollsBack(index) => format!("{}: fails", doubt_name(state, index)),
        Step::GrowLate(order) => format!("decideBy of order {order} passes"),
    }
}

fn name(instance: &Instance, index: u8) -> String {
    let agent = instance.agents[usize::from(index)];
    let role = match agent.role {
        Role::Till(_) => "till",
        Role::Canceller => "canceller",
        Role::Sweeper => "sweeper",
    };
    format!("{role} {index} of order {}", agent.order)
}

fn call_name(instance: &Instance, call: &Call) -> String {
    let question = match call.question {
        Question::Decide { order, .. } => format!("decision of order {order}"),
        Question::Refuse { order, .. } => format!("refusal of order {order}"),
        Question::Receive { product } => return format!("receipt of product {product}"),
    };
    let caller = match (call.caller, call.at) {
        (Some(caller), _) => name(instance, caller),
        (None, CallAt::InDoubt(_)) => "somebody".to_owned(),
        (None, _) => "somebody who has gone".to_owned(),
    };
    format!("{question} for {caller}")
}

fn doubt_name(state: &State, index: u8) -> String {
    match state.doubts[usize::from(index)] {
        Doubt::Intent { order, content: Some(_) } => format!("S1's COMMIT of order {order}"),
        Doubt::Intent { order, content: None } => format!("the fence's COMMIT of order {order}"),
        Doubt::Projection { order, .. } => format!("S3's COMMIT of order {order}"),
    }
}
