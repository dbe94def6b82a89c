//! The shop in containers, in a real Docker engine: every fault that must not cost a sale, under load, through the gateway.
//! Wants the engine, Compose and the image `pos:latest`, and some minutes; `./test` runs it with `POS_TEST_CONTAINERS=1`.

mod adding_up;
mod container;
mod deployment;
mod engine;
mod figures;
mod first_sale;
mod frozen;
mod image;
mod killed;
mod lost_database;
mod one_process;
mod restarted;
mod rude_clients;
mod scaled;
mod split;
mod spread;
mod suite_through_gateway;
mod tills;
mod trial;
mod view;

use std::env;

/// Whether this suite is asked for. Says it where it is not.
fn wanted() -> bool {
    let wanted = env::var("POS_TEST_CONTAINERS").is_ok_and(|value| value == "1");
    if !wanted {
        println!(
            "skipped: it starts containers and takes minutes; ./test runs it, where there is a Docker engine"
        );
    }
    wanted
}
