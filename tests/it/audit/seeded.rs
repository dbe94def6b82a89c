//! What `bench/seed` makes is a shop as any other.

use std::{path::Path, process::Command};

use rstest::rstest;

use super::report;
use crate::support::{
    engine::{
        Databases,
        Engine::{self, Postgres, Sqlite},
    },
    process::binary,
};

#[rstest]
#[tokio::test]
async fn a_seeded_store_has_all_its_orders_and_nothing_broken(#[values(Sqlite, Postgres)] engine: Engine) {
    let databases = Databases::empty(engine).await;
    let seeder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/seed");
    let into = databases.settings();

    let seeded = Command::new(seeder)
        .args(["50", "200"])
        .args(into.iter().map(|(_, place)| place))
        .env("POS", binary())
        .env("PGOPTIONS", "-c client_min_messages=error")
        .output()
        .unwrap();

    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    let (report, broken) = report(&databases);
    assert!(broken.is_empty(), "{report}");
    let checked = |number: &str| {
        let invariants = report["invariants"].as_array().unwrap();
        invariants.iter().find(|invariant| invariant["invariant"] == number).unwrap()["checked"].clone()
    };
    assert_eq!((checked("I1"), checked("I7")), (50.into(), 200.into()));
}
