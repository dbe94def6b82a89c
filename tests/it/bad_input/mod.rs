//! Every public route with every bad input: what it is told, that nothing came of it, and that docs/BAD_INPUT.md says so.
//!
//! A route of the API document, one of its fields or parameters that is not in `routes.rs` fails here. After a change that
//! is meant, `POS_TEST_WRITE=1 ./test bad_input` writes the page anew.

mod bodies;
mod case;
mod cursors;
mod heads;
mod parameters;
mod request;
mod routes;
mod run;
mod state;
mod table;
mod taken;
mod values;

use run::{Doors, run};

use crate::support::{
    engine::{Databases, Engine},
    shop::Running,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_input_is_told_and_nothing_comes_of_it() {
    let shop = Running::all(Databases::migrated(Engine::Sqlite).await).await;
    run(&shop, &Doors::of(&shop), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_input_is_told_the_same_by_split_services() {
    // with the 16 that there is room for behind a gateway as many as at the edge
    let settings = [("SERVER__MAX_HEADERS", "48")];
    let shop = Running::split_with(Databases::migrated(Engine::Postgres).await, &settings).await;
    run(&shop, &Doors::of(&shop), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_input_is_told_the_same_by_the_gateway() {
    let shop = Running::split(Databases::migrated(Engine::Postgres).await).await;
    let gateway = shop.gateway().await;
    run(&shop, &Doors { product: gateway.process.address, order: gateway.process.address }, false).await;
    run::check_log(&gateway.process);
}
