//! The embedded shop under strace: nothing is told before it is on the disk.

mod doctored;
mod rule;
mod trace;

use std::{fs, path::Path, process::Command, time::Duration};

use serde_json::{Value, json};

use self::rule::{Told, violations};
use crate::support::{
    client::{Call, Reply, Service, fresh_key},
    directory::Directory,
    engine::{Databases, Engine},
    port::Port,
    process::Pos,
    shop::{address, order_of, text},
    wait::until,
};

const TILLS: usize = 6;
const SALES_OF_A_TILL: usize = 5;
const SALES_ALONE: usize = 8;
/// So much of one product, of which all tills want more.
const SHORT: i64 = 12;
const SHOWN: usize = 10;
/// Traced, on a busy machine, a sale may take seconds: it is to be told whole, not given up.
const PATIENT: [&str; 5] = [
    "POS__ORDER__TARGET_MS",
    "POS__ORDER__DECIDE_TRY_MS",
    "POS__ORDER__DEADLINE_MS",
    "POS__DATABASE__ACQUIRE_TIMEOUT_MS",
    "POS__DATABASE__BUSY_TIMEOUT_MS",
];
const TRACED_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_goes_out_before_what_it_tells_is_on_the_disk() {
    demand_strace();
    let (databases, directory, port) =
        (Databases::empty(Engine::Sqlite).await, Directory::fresh(), Port::reserve());
    let file = directory.join("trace");
    let mut settings = databases.settings();
    settings.extend(PATIENT.map(|name| (name.to_owned(), "60000".to_owned())));
    let mut pos = Pos::start_under(&strace(&file), "all", address(1, &port), settings);
    pos.ready().await;
    let id = pos.id();

    let mut told = Vec::new();
    let (plenty, short) = stock_up(&pos.service(), &mut told).await;
    let alone = Till { service: pos.service(), plenty, short };
    told.extend(alone.sell(SALES_ALONE).await);
    let tills: Vec<_> =
        (0..TILLS).map(|_| tokio::spawn(Till { service: pos.service(), ..alone.clone() }.work())).collect();
    for till in tills {
        told.extend(till.await.unwrap());
    }
    pos.terminate();
    assert!(pos.ended().await.success());

    let trace = whole(&file, id).await;
    let calls = trace::read(&trace);
    let found = violations(&calls, &told);
    let of = |status| told.iter().filter(|one| one.order.is_some_and(|(_, told)| told == status)).count();
    let syncs = calls.iter().filter(|call| call.syncs()).count();
    let (sold, refused) = (of("confirmed"), of("rejected"));
    println!("{} answers, {sold} sold, {refused} refused, {syncs} syncs", told.len());
    assert!(sold >= SALES_ALONE + TILLS && refused > 0, "{sold} sold, {refused} refused");
    let shown = &found[..found.len().min(SHOWN)];
    assert!(found.is_empty(), "{} times, in {} answers: {shown:#?}", found.len(), told.len());
}

/// Nothing is proven on a machine that lets nobody look.
fn demand_strace() {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let tried = tried.unwrap_or_else(|error| {
        panic!("strace cannot be run ({error}): ./test installs it, or 'apt-get install strace'")
    });
    let said = String::from_utf8_lossy(&tried.stderr);
    assert!(
        tried.status.success(),
        "strace may not trace here: {said}A container needs '--cap-add SYS_PTRACE', or a seccomp profile that allows ptrace; \
         on a machine of its own 'sysctl kernel.yama.ptrace_scope' must be 1 or less"
    );
}

/// What stands before the command that is traced.
fn strace(file: &Path) -> Vec<String> {
    let file = file.display().to_string();
    let words = ["strace"].into_iter().chain(trace::OPTIONS).chain(["-o", &file, "-e", trace::CALLS]);
    words.map(str::to_owned).collect()
}

/// The trace, once the end of the process stands in its last line.
async fn whole(file: &Path, process: u32) -> String {
    let process = process.to_string();
    let is_end =
        |line: &str| line.split_whitespace().eq([process.as_str(), "+++", "exited", "with", "0", "+++"]);
    until("strace has written everything", TRACED_WITHIN, async || {
        let trace = fs::read_to_string(file).ok()?;
        trace.lines().next_back().is_some_and(is_end).then_some(trace)
    })
    .await
}

/// Two products with plenty, one that is short.
async fn stock_up(service: &Service, told: &mut Vec<Told>) -> ([String; 2], String) {
    let mut products = Vec::new();
    for stock in [100_000, 100_000, SHORT] {
        let product = json!({ "name": "Flat white", "price": "3.80", "stock": stock });
        let (one, reply) = change(service.post("/products", &product)).await;
        products.push(text(&reply.with_status(201)["id"]));
        told.push(one);
    }
    let [first, second, short] = products.try_into().unwrap();
    ([first, second], short)
}

#[derive(Clone)]
struct Till {
    service: Service,
    plenty: [String; 2],
    short: String,
}

impl Till {
    /// Sales, every second one asked for twice at once, and changes of stock between them.
    async fn work(self) -> Vec<Told> {
        let mut told = self.sell(2).await;
        let twice = Self { service: Service::at(&self.service.url), ..self.clone() };
        for _ in 0..SALES_OF_A_TILL {
            let (key, order) = (fresh_key(), order_of(&[(&self.plenty[0], 1.0), (&self.plenty[1], 2.0)]));
            let (one, other) = tokio::join!(self.place(&key, &order), twice.place(&key, &order));
            told.extend([one, other]);
            told.push(self.place(&fresh_key(), &order_of(&[(&self.short, 1.0)])).await);
            told.extend(self.move_stock().await);
        }
        told
    }

    /// One after the other.
    async fn sell(&self, sales: usize) -> Vec<Told> {
        let mut told = Vec::new();
        for _ in 0..sales {
            told.push(self.place(&fresh_key(), &order_of(&[(&self.plenty[1], 1.0)])).await);
        }
        told
    }

    async fn place(&self, key: &str, order: &Value) -> Told {
        let reply = self.service.post("/orders", order).key(key).await;
        let (id, became) = match reply.status {
            201 => (&reply.body["id"], "confirmed"),
            409 => (&reply.body["orderId"], "rejected"),
            status => panic!("{status} {}", reply.text),
        };
        Told { key: key.to_owned(), status: reply.status, order: Some((text(id).parse().unwrap(), became)) }
    }

    /// A single deduction, a receipt and a count.
    async fn move_stock(&self) -> Vec<Told> {
        let stock = format!("/products/{}/stock", self.plenty[0]);
        let deduct =
            self.service.post(&format!("/products/{}/deduct", self.plenty[0]), &json!({ "quantity": 1 }));
        let receipt = json!({ "quantity": 3, "reason": "receive" });
        let receive = self.service.post(&format!("{stock}/adjustments"), &receipt);
        let count = self.service.put(&stock, &json!({ "quantity": 90_000 }));
        let mut told = Vec::new();
        for call in [deduct, receive, count] {
            let (one, reply) = change(call).await;
            assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
            told.push(one);
        }
        told
    }
}

/// A change of products or stock.
async fn change(call: Call) -> (Told, Reply) {
    let key = fresh_key();
    let reply = call.key(&key).await;
    (Told { key, status: reply.status, order: None }, reply)
}
