//! The shortest run by which a flaw shows.

use std::collections::BTreeSet;

use protocol_model::{Flaw, Instance, describe};
use stateright::{Checker, HasDiscoveries, Model};

/// Longest that is looked for.
const MOST_STEPS: usize = 40;

/// Finds the shortest run by which the flaw breaks this property, and prints it: it must have so many steps.
pub fn find(flaw: Flaw, instance: Instance, property: &'static str, steps: usize) {
    let instance = instance.with_flaw(flaw);
    assert!(instance.properties().iter().any(|known| known.name == property), "there is no {property:?}");
    // the checker keeps the last counterexample, not the first: so one more step at a time, until there is one
    for depth in 2..MOST_STEPS {
        let wanted = HasDiscoveries::AnyOf(BTreeSet::from([property]));
        let checker =
            instance.clone().checker().finish_when(wanted).target_max_depth(depth).spawn_bfs().join();
        if let Some(path) = checker.discovery(property) {
            let path = path.into_vec();
            let taken = || path.iter().filter_map(|(state, step)| Some((state, (*step)?)));
            let states = checker.unique_state_count();
            println!("{flaw:?} breaks \"{property}\" in {} steps, after {states} states:", taken().count());
            for (number, (state, step)) in taken().enumerate() {
                println!("  {:2}. {}", number + 1, describe(&instance, state, step));
            }
            assert_eq!(taken().count(), steps, "docs/RELIABILITY.md says {steps}");
            return;
        }
    }
    unreachable!("{flaw:?} was not found");
}
