//! The protocol as it is, explored to its end: nothing that must hold is ever broken, and every run comes to its end.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::Instant,
};

use protocol_model::{Instance, Role, State};
use stateright::{Checker, HasDiscoveries, Model};

const TILL: (Role, u8) = (Role::Till(0), 0);
const OTHER_TILL: (Role, u8) = (Role::Till(0), 1);
const OTHER_REQUEST: (Role, u8) = (Role::Till(1), 0);
const CANCELLER: (Role, u8) = (Role::Canceller, 0);
const SECOND_SWEEPER: (Role, u8) = (Role::Sweeper, 0);

fn shop(opening: i8, agents: &[(Role, u8)]) -> Instance {
    Instance::of_one_product(opening, agents)
}

/// Explores every state; fails with the counterexample of whatever does not hold.
fn explore(name: &str, instance: Instance) {
    let began = Instant::now();
    let checker = instance.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let (states, steps) = (checker.unique_state_count(), checker.state_count());
    println!("{name}: {states} states, {steps} steps, {:.1} s", began.elapsed().as_secs_f64());
    checker.assert_properties();
}

#[test]
fn two_orders_for_the_last_piece() {
    explore("two orders for the last piece", shop(1, &[TILL, OTHER_TILL]).with_faults(2));
}

#[test]
fn two_orders_around_a_receipt() {
    explore("two orders around a receipt", shop(0, &[TILL, OTHER_TILL]).with_receipt(0).with_faults(2));
}

#[test]
fn two_orders_one_of_them_given_up() {
    explore("two orders, one given up", shop(1, &[TILL, OTHER_TILL, CANCELLER]).with_faults(1));
}

/// One names them in the order of their ids, one does not.
#[test]
fn two_orders_of_the_same_two_products() {
    let crosswise = Instance {
        opening: vec![1, 2],
        orders: vec![vec![0, 1], vec![1, 0]],
        ..shop(1, &[TILL, OTHER_TILL])
    };
    explore("two orders of the same two products", crosswise.with_faults(1));
}

#[test]
fn an_order_and_its_repeat_around_a_receipt() {
    explore("order and repeat around a receipt", shop(0, &[TILL, TILL]).with_receipt(0).with_faults(2));
}

#[test]
fn an_order_its_repeat_and_its_cancellation() {
    explore("order, repeat, cancellation", shop(1, &[TILL, TILL, CANCELLER]).with_faults(2));
}

#[test]
fn an_order_its_repeat_and_its_cancellation_late() {
    let late = shop(1, &[TILL, TILL, CANCELLER]).with_faults(1).with_lateness();
    explore("order, repeat, cancellation, past decideBy", late);
}

#[test]
fn an_order_and_its_cancellation_with_three_faults() {
    let late = shop(1, &[TILL, CANCELLER]).with_faults(3).with_lateness();
    explore("order, cancellation, past decideBy", late);
}

#[test]
fn an_order_and_two_sweepers_with_three_faults() {
    let late = shop(1, &[TILL, SECOND_SWEEPER]).with_faults(3).with_lateness();
    explore("order, two sweepers, past decideBy", late);
}

#[test]
fn a_key_used_for_two_requests_and_given_up() {
    explore("one key, two requests, cancellation", shop(1, &[TILL, OTHER_REQUEST, CANCELLER]).with_faults(2));
}

/// No state is reached again, so no run goes on for ever; what `ends_decided` says of the last states then holds of
/// every run.
#[test]
fn every_run_ends() {
    assert_ends(&shop(1, &[TILL, OTHER_TILL]).with_receipt(0).with_faults(1));
    assert_ends(&shop(1, &[TILL, CANCELLER, SECOND_SWEEPER]).with_faults(2).with_lateness());
}

/// Depth first; a step back onto the path that is being walked would be a cycle.
fn assert_ends(instance: &Instance) {
    let hasher = RandomState::new();
    let mut on_path: HashMap<u64, bool> = HashMap::new();
    let opened = instance.opened();
    let visit = |state: State| (hasher.hash_one(&state), instance.steps(&state), state);
    let first = visit(opened);
    on_path.insert(first.0, true);
    let mut path = vec![first];
    while let Some((hash, steps, state)) = path.last_mut() {
        let Some(step) = steps.pop() else {
            on_path.insert(*hash, false);
            path.pop();
            continue;
        };
        let next = visit(instance.after(state, step));
        let known = on_path.get(&next.0).copied();
        assert_ne!(known, Some(true), "a run goes in circles: {step:?} in {state:?}");
        if known.is_none() {
            on_path.insert(next.0, true);
            path.push(next);
        }
    }
}
