//! `docker-compose.yml`: all in one process, on PostgreSQL.

use std::time::Duration;

use crate::support::{shop::Shop, wait::until};

use super::{deployment::Deployment, first_sale, image, wanted};

const WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_in_one_process_sells_and_keeps_what_it_sold() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::up("docker-compose.yml").await;
    let shop = deployment.service();
    first_sale::make(&shop.url);
    let pos = deployment.container("pos").await;
    image::is_confined(&pos).await;
    let sold = Shop::walk(&shop, "/orders?limit=200").await;

    // new containers on the same volume, as an upgrade makes them
    deployment.compose(&["up", "-d", "--no-build", "--force-recreate"]).await;
    until("it is back", WITHIN, async || {
        let reply = shop.get("/readyz").try_send().await.ok()?;
        (reply.status == 200).then_some(())
    })
    .await;

    assert_eq!(Shop::walk(&shop, "/orders?limit=200").await, sold);
    first_sale::make(&shop.url);
}
