//! The split shop: one deployment, every fault in turn, and at the end the books.

use super::{
    adding_up, first_sale, frozen, image, killed, lost_database, restarted, rude_clients, scaled, spread,
    suite_through_gateway, trial::Trial, wanted,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_split_shop_loses_and_doubles_nothing_whatever_fails() {
    if !wanted() {
        return;
    }
    let mut trial = Trial::begin().await;
    if trial.begins("first_sale", "README's first sale, and what the containers may do") {
        first_sale::make(&trial.gateway.url);
        image::every_container_is_confined(&mut trial).await;
    }
    if trial.begins("suite", "the whole end-to-end suite through the gateway") {
        suite_through_gateway::run(&mut trial).await;
    }
    if trial.begins("spread", "3,000 orders over three replicas") {
        spread::run(&mut trial).await;
    }
    if trial.begins("killed", "each order replica is killed in turn and started again") {
        killed::run(&mut trial).await;
    }
    if trial.begins("scaled", "three order replicas become five, then two, then three") {
        scaled::run(&mut trial).await;
    }
    if trial.begins("restarted", "a rolling restart of the order replicas, then of the product service") {
        restarted::run(&mut trial).await;
    }
    if trial.begins("frozen", "an order replica accepts and never answers") {
        frozen::run(&mut trial).await;
    }
    if trial.begins("cut_off", "an order replica and each database lose their network for 10 s") {
        lost_database::cut_off(&mut trial).await;
    }
    if trial.begins("database_restarted", "each database is restarted") {
        lost_database::restarted(&mut trial).await;
    }
    if trial.begins("rude_clients", "slow, leaving, idle and greedy clients") {
        rude_clients::run(&mut trial).await;
    }
    if trial.begins("adding_up", "stock and orders add up") {
        adding_up::check(&mut trial).await;
    }
}
