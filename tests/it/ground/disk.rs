//! A disk that takes no more.

use std::{fs, io::Write, path::Path, time::Duration};

use serde_json::{Value, json};

use crate::support::{
    audit::audit,
    client::{Reply, fresh_key},
    mount::Mount,
    port::Port,
    process::{Pos, command},
    shop::{Shop, address, order_of},
    wait::until,
};

/// Each sale writes some kilobytes into the log of each database.
const SALES_UNTIL_FULL: usize = 2000;
const SERVICE_AGAIN_WITHIN: Duration = Duration::from_secs(10);

fn on(mount: &Mount) -> Vec<(String, String)> {
    vec![("POS__DATA_DIR".into(), mount.join("shop").display().to_string())]
}

/// Takes all that is left there.
fn fill(path: &Path) {
    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
    while file.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
}

/// 503 that says what became of the request.
#[track_caller]
fn assert_told_clearly(reply: Reply) -> Value {
    let outcome = reply.body["outcome"].clone();
    let code = if outcome == "unknown" { "outcome_unknown" } else { "unavailable" };
    reply.with_problem(503, code)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_nothing_is_sold_or_lost_and_with_room_again_all_goes_on() {
    let Some(mount) = Mount::of_mib(16) else { return };
    let port = Port::reserve();
    let mut pos = Pos::start("all", address(1, &port), on(&mount));
    pos.ready().await;
    let shop = Shop { product: pos.service(), orders: vec![pos.service()] };
    let id = shop.make_product_id(json!({ "stock": 1_000_000 })).await;
    let order = order_of(&[(&id, 1.0)]);
    let sold = shop.place(&[(&id, 1.0)]).await.with_status(201);

    let filler = mount.join("filler");
    fill(&filler);
    let (mut keys, mut failed) = (Vec::new(), Vec::new());
    for _ in 0..SALES_UNTIL_FULL {
        let key = fresh_key();
        let reply = shop.order().post("/orders", &order).key(&key).await;
        keys.push(key);
        if reply.status != 201 {
            failed.push(assert_told_clearly(reply));
        }
        if failed.len() == 5 {
            break;
        }
    }
    assert_eq!(failed.len(), 5, "the disk is not full");
    let change = shop.product.post(&format!("/products/{id}/deduct"), &json!({ "quantity": 1 })).await;
    println!("told: {} / {}", failed[0], change.text);
    let problem = change.with_problem(503, "unavailable");
    assert_eq!(problem["outcome"], "none");
    // what is there can be read
    assert_eq!(shop.read_order(sold["id"].as_str().unwrap()).await, sold);
    shop.product.get(&format!("/products/{id}")).await.with_status(200);

    fs::remove_file(filler).unwrap();
    until("it sells again", SERVICE_AGAIN_WITHIN, async || {
        (shop.order().post("/orders", &order).await.status == 201).then_some(())
    })
    .await;
    // each key is told what became of it, and nothing twice
    for key in &keys {
        shop.order().post("/orders", &order).key(key).await.with_status(201);
    }
    let url = |name: &str| format!("sqlite://{}", mount.join("shop").join(name).display());
    let found = audit(&url("product.db"), &url("order.db")).await;
    assert_eq!((found.pending, found.confirmed), (0, keys.len() + 2));
    assert_eq!(shop.stock(&id).await, json!(1_000_000 - found.confirmed));
}

/// One line, and the exit code of a start that cannot be.
#[track_caller]
fn assert_one_line(mount: &Mount, words: &[&str]) {
    let output = command(&["--listen", "127.0.0.1:0"], &on(mount)).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    println!("{told}");
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    for word in words {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn a_start_on_a_full_disk_says_so() {
    let Some(mount) = Mount::of_mib(1) else { return };
    fs::create_dir(mount.join("shop")).unwrap();
    fill(&mount.join("filler"));
    assert_one_line(&mount, &["shop", "No space left on device"]);
}

#[test]
fn a_start_whose_disk_becomes_full_says_so() {
    let Some(mount) = Mount::of_mib(1) else { return };
    fs::create_dir(mount.join("shop")).unwrap();
    fs::write(mount.join("reserve"), [0; 32 << 10]).unwrap();
    fill(&mount.join("filler"));
    fs::remove_file(mount.join("reserve")).unwrap();
    assert_one_line(&mount, &["product database", "disk", "--data-dir"]);
}

#[tokio::test]
async fn a_start_on_a_read_only_directory_says_so() {
    let Some(mount) = Mount::of_mib(16) else { return };
    let port = Port::reserve();
    let mut pos = Pos::start("all", address(1, &port), on(&mount));
    pos.ready().await;
    pos.terminate();
    pos.ended().await;
    mount.make_read_only();
    assert_one_line(&mount, &["shop", "make it writable", "--data-dir"]);
}
