//! Every way to get it wrong that the model can express is found, by the shortest run that shows what it does; printed
//! with `--no-capture`. The steps stand in docs/RELIABILITY.md.

mod find;

use find::find;
use protocol_model::{Flaw, Instance, Role};

const TILL: (Role, u8) = (Role::Till(0), 0);
const OTHER_TILL: (Role, u8) = (Role::Till(0), 1);
const CANCELLER: (Role, u8) = (Role::Canceller, 0);

const OVERSOLD: &str = "nothing is oversold";
const TAKEN_ONCE: &str = "a held deduction took its stock once, a refused one none";
const HELD_HAS_ITS_ORDER: &str = "a held deduction's order is pending or confirmed";
const AS_DEDUCTED: &str = "a decided order is what its deduction says";
const ANSWERS_STAND: &str = "what was answered stands";
const REFUSED_TOOK_NOTHING: &str = "of whom was told 409 nothing was taken";
const ENDS_DECIDED: &str = "every run ends decided";

fn shop(opening: i8, agents: &[(Role, u8)]) -> Instance {
    Instance::of_one_product(opening, agents)
}

#[test]
fn no_write_of_the_intent() {
    find(Flaw::NoIntent, shop(1, &[TILL]), ENDS_DECIDED, 7);
}

#[test]
fn s2_sent_while_s1_is_unknown() {
    find(Flaw::AskWhileIntentUnknown, shop(1, &[TILL]), ENDS_DECIDED, 8);
}

#[test]
fn the_deduction_inserted_with_do_nothing_after_the_movements() {
    find(Flaw::DoNothing, shop(1, &[TILL, CANCELLER]), TAKEN_ONCE, 12);
}

#[test]
fn the_floor_not_checked() {
    find(Flaw::FloorUnchecked, shop(1, &[TILL, OTHER_TILL]), OVERSOLD, 12);
}

#[test]
fn a_refusal_not_recorded() {
    find(Flaw::RefusalUnrecorded, shop(0, &[TILL]).with_receipt(0), REFUSED_TOOK_NOTHING, 15);
}

#[test]
fn a_timeout_answered_as_a_refusal() {
    find(Flaw::TimeoutIsRefusal, shop(1, &[TILL]), REFUSED_TOOK_NOTHING, 7);
}

#[test]
fn stock_deducted_again_on_a_repeat() {
    find(Flaw::DeductAgain, shop(2, &[TILL]), TAKEN_ONCE, 10);
}

#[test]
fn nothing_found_after_a_commit_in_doubt_taken_for_a_refusal() {
    find(Flaw::NothingFoundIsRefusal, shop(1, &[TILL]), HELD_HAS_ITS_ORDER, 9);
}

#[test]
fn the_answer_before_the_commit_of_s3() {
    find(Flaw::AnswerBeforeCommit, shop(1, &[TILL]), ANSWERS_STAND, 8);
}

#[test]
fn locks_in_the_order_of_the_request() {
    let crosswise = Instance {
        opening: vec![1, 1],
        orders: vec![vec![0, 1], vec![1, 0]],
        ..shop(1, &[TILL, OTHER_TILL])
    };
    find(Flaw::LockAsRequested, crosswise, ENDS_DECIDED, 10);
}

#[test]
fn a_status_that_depends_on_who_projects() {
    find(Flaw::StatusByProjector, shop(0, &[TILL]), AS_DEDUCTED, 9);
}

#[test]
fn a_cancel_without_a_row() {
    find(Flaw::CancelWithoutRow, shop(1, &[TILL, CANCELLER]), REFUSED_TOOK_NOTHING, 7);
}

#[test]
fn a_cancel_without_a_refusal() {
    find(Flaw::CancelWithoutRefusal, shop(1, &[TILL, CANCELLER]), REFUSED_TOOK_NOTHING, 10);
}
