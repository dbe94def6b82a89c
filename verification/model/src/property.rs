//! What must hold in every state, and what must be seen in some.

use stateright::Property;

use crate::{
    instance::{Instance, Role},
    state::{State, Status, Told, Verdict},
};

pub(crate) fn properties(instance: &Instance) -> Vec<Property<Instance>> {
    let mut properties = vec![
        Property::always("nothing is oversold", nothing_is_oversold),
        Property::always("a held deduction took its stock once, a refused one none", taken_once),
        Property::always("a held deduction's order is pending or confirmed", held_has_its_order),
        Property::always("a decided order is what its deduction says", decided_as_deducted),
        Property::always("what was answered stands", answers_stand),
        Property::always("who was told 201 has a held deduction", confirmed_is_held),
        Property::always("of whom was told 409 nothing was taken", refused_took_nothing),
        Property::always("an order once read decided never says anything else", reads_stand),
        Property::always("a key is one request's", one_order_a_key),
        Property::always("every run ends decided", ends_decided),
        Property::sometimes("somebody is told 201", |_, state: &State| is_told(state, Status::Confirmed)),
    ];
    if instance.has_canceller() {
        properties.push(Property::sometimes("somebody is told that it is cancelled", |_, state: &State| {
            is_told(state, Status::Cancelled)
        }));
    }
    properties
}

fn orders(instance: &Instance) -> impl Iterator<Item = u8> {
    (0..).take(instance.orders.len())
}

fn is_told(state: &State, status: Status) -> bool {
    state.work.iter().any(|work| work.told == Some(Told::Decided(status)))
}

/// I1, and the ledger adds up.
fn nothing_is_oversold(instance: &Instance, state: &State) -> bool {
    instance.opening.iter().enumerate().all(|(product, opening)| {
        let sold: i8 = orders(instance)
            .filter(|order| {
                instance.orders[usize::from(*order)].iter().any(|sold| usize::from(*sold) == product)
            })
            .map(|order| state.sold[usize::from(order)].cast_signed())
            .sum();
        let level = state.levels[product];
        level >= 0 && level == opening + state.received[product] - sold
    })
}

/// I3 and I4.
fn taken_once(instance: &Instance, state: &State) -> bool {
    orders(instance).all(|order| {
        let held = state.deduction(order).is_some_and(|deduction| deduction.verdict == Verdict::Held);
        state.sold[usize::from(order)] == u8::from(held)
    })
}

/// I6.
fn held_has_its_order(instance: &Instance, state: &State) -> bool {
    orders(instance).all(|order| {
        let held = state.deduction(order).is_some_and(|deduction| deduction.verdict == Verdict::Held);
        let status = state.row(order).map(|row| row.status);
        !held || matches!(status, Some(Status::Pending | Status::Confirmed))
    })
}

/// I5.
fn decided_as_deducted(instance: &Instance, state: &State) -> bool {
    orders(instance).all(|order| {
        let status = state.row(order).map_or(Status::Pending, |row| row.status);
        let says = state.deduction(order).map(|deduction| deduction.verdict.status());
        status == Status::Pending || says == Some(status)
    })
}

/// Whoever reads an order after its answer reads what was answered.
fn answers_stand(instance: &Instance, state: &State) -> bool {
    instance.agents.iter().zip(&state.work).all(|(agent, work)| match work.told {
        Some(Told::Decided(told)) => state.row(agent.order).is_some_and(|row| row.status == told),
        Some(Told::KeyReused) | None => true,
    })
}

fn confirmed_is_held(instance: &Instance, state: &State) -> bool {
    instance.agents.iter().zip(&state.work).all(|(agent, work)| {
        let held = state.deduction(agent.order).is_some_and(|deduction| deduction.verdict == Verdict::Held);
        work.told != Some(Told::Decided(Status::Confirmed)) || held
    })
}

fn refused_took_nothing(instance: &Instance, state: &State) -> bool {
    instance.agents.iter().zip(&state.work).all(|(agent, work)| match work.told {
        Some(Told::Decided(Status::Rejected | Status::Cancelled)) => {
            state.sold[usize::from(agent.order)] == 0
        }
        Some(Told::Decided(Status::Pending | Status::Confirmed) | Told::KeyReused) | None => true,
    })
}

fn reads_stand(instance: &Instance, state: &State) -> bool {
    orders(instance).all(|order| {
        let seen = state.seen[usize::from(order)];
        seen.is_none_or(|seen| state.row(order).is_some_and(|row| row.status == seen))
    })
}

/// I10: both databases hold the same request, and nobody is told of another's.
fn one_order_a_key(instance: &Instance, state: &State) -> bool {
    let differ = |one: Option<u8>, other: Option<u8>| one.is_some() && other.is_some() && one != other;
    let of_both = orders(instance).all(|order| {
        let row = state.row(order).and_then(|row| row.content);
        let deduction = state.deduction(order).and_then(|deduction| deduction.content);
        !differ(row, deduction)
    });
    let of_told = instance.agents.iter().zip(&state.work).all(|(agent, work)| {
        let Role::Till(content) = agent.role else {
            return true;
        };
        let stands = state.row(agent.order).and_then(|row| row.content);
        match work.told {
            Some(Told::Decided(_)) => !differ(stands, Some(content)),
            Some(Told::KeyReused) => differ(stands, Some(content)),
            None => true,
        }
    });
    of_both && of_told
}

/// Where nobody can do anything any more, nothing is left undecided.
fn ends_decided(instance: &Instance, state: &State) -> bool {
    let undecided = orders(instance).any(|order| match state.row(order) {
        Some(row) => row.status == Status::Pending,
        None => state.deduction(order).is_some(),
    });
    let open = undecided || !state.doubts.is_empty() || !state.calls.is_empty();
    !open || !instance.steps(state).is_empty()
}
