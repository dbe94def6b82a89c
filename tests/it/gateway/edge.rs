//! What the edge does for its callers, as `--role gateway` and as `--role all`: one implementation.

use rstest::rstest;
use serde_json::{Value, json};

use super::rig::{RARE_CHECKS, Rig, SOON};
use crate::support::{
    client::Service,
    port::Port,
    process::Pos,
    shop::address,
    wait::until,
    wire::{Message, Wire},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    All,
    Gateway,
}

/// A process at the edge, and what it needs.
enum Edge {
    All { pos: Box<Pos>, _port: Port },
    Gateway(Box<Rig>),
}

impl Edge {
    async fn start(role: Role, settings: &[(&str, &str)]) -> Self {
        match role {
            Role::Gateway => {
                let settings: Vec<_> = settings.iter().copied().chain([RARE_CHECKS]).collect();
                Self::Gateway(Box::new(Rig::start(1, &settings).await))
            }
            Role::All => {
                let port = Port::reserve();
                let settings =
                    settings.iter().map(|(name, value)| (format!("POS__{name}"), (*value).to_owned()));
                let mut pos = Pos::start("all", address(1, &port), settings.collect());
                pos.ready().await;
                Self::All { pos: Box::new(pos), _port: port }
            }
        }
    }

    fn pos(&self) -> &Pos {
        match self {
            Self::All { pos, .. } => pos,
            Self::Gateway(rig) => &rig.gateway,
        }
    }

    fn service(&self) -> Service {
        self.pos().service()
    }

    async fn ask(&self, request: &str) -> Message {
        let mut wire = Wire::connect(self.pos().address).await;
        wire.ask(request).await.unwrap()
    }
}

fn get(path: &str, head: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n{head}\r\n")
}

#[rstest]
#[case::all(Role::All)]
#[case::gateway(Role::Gateway)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_caller_may_not_ask_too_often(#[case] role: Role) {
    let settings = [
        ("SERVER__RATE_LIMIT_PER_SECOND", "1"),
        ("SERVER__RATE_BURST", "20"),
        ("GATEWAY__TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let edge = Edge::start(role, &settings).await;
    let (mut served, mut refused) = (0, 0);
    for _ in 0..40 {
        let answer = edge.ask(&get("/products", "x-forwarded-for: 10.0.0.7\r\n")).await;
        match answer.status() {
            200 => served += 1,
            429 => {
                refused += 1;
                assert!(answer.one("retry-after").parse::<u32>().unwrap() >= 1);
                assert_eq!(answer.one("content-type"), "application/problem+json");
                let problem: Value = serde_json::from_slice(&answer.body).unwrap();
                assert_eq!(problem["code"], "rate_limited");
                assert_eq!(problem["requestId"], answer.one("x-request-id"));
            }
            status => panic!("{status}: {}", answer.text()),
        }
    }
    assert!(served >= 20 && refused > 0, "{served} served, {refused} refused");
    // who is behind the trusted proxy counts, and what it claims does not
    let other = "x-forwarded-for: 10.0.0.7, 10.0.0.8\r\n";
    assert_eq!(edge.ask(&get("/products", other)).await.status(), 200);
    // probes are never refused
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(edge.ask(&get(path, "x-forwarded-for: 10.0.0.7\r\n")).await.status(), 200);
    }
}

#[rstest]
#[case::all(Role::All)]
#[case::gateway(Role::Gateway)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_nobody_vouches_for_is_its_address(#[case] role: Role) {
    let settings = [("SERVER__RATE_LIMIT_PER_SECOND", "1"), ("SERVER__RATE_BURST", "5")];
    let edge = Edge::start(role, &settings).await;
    let mut statuses = Vec::new();
    for number in 0..30 {
        let forged = format!("x-forwarded-for: 10.0.0.{number}\r\n");
        statuses.push(edge.ask(&get("/products", &forged)).await.status());
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[rstest]
#[case::all(Role::All)]
#[case::gateway(Role::Gateway)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_given_origins_may_ask(#[case] role: Role) {
    let settings = [("SERVER__CORS_ORIGINS", "https://till.example, http://localhost:3000")];
    let edge = Edge::start(role, &settings).await;
    let preflight = |origin: &str| {
        format!(
            "OPTIONS /orders HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type, idempotency-key\r\n\r\n"
        )
    };
    let allowed = edge.ask(&preflight("https://till.example")).await;
    assert_eq!(allowed.status(), 200, "{}", allowed.text());
    assert_eq!(allowed.one("access-control-allow-origin"), "https://till.example");
    assert!(allowed.one("access-control-allow-methods").contains("POST"));
    assert!(allowed.one("access-control-allow-headers").contains("idempotency-key"));

    let refused = edge.ask(&preflight("https://evil.example")).await;
    assert!(refused.all("access-control-allow-origin").is_empty());

    let read = edge.ask(&get("/products", "origin: http://localhost:3000\r\n")).await;
    assert_eq!(read.one("access-control-allow-origin"), "http://localhost:3000");
    assert!(read.one("access-control-expose-headers").contains("idempotency-key"));
    let foreign = edge.ask(&get("/products", "origin: https://evil.example\r\n")).await;
    assert!(foreign.all("access-control-allow-origin").is_empty());
}

#[rstest]
#[case::all(Role::All)]
#[case::gateway(Role::Gateway)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_default_no_other_origin_may_ask_and_nobody_is_counted(#[case] role: Role) {
    let edge = Edge::start(role, &[]).await;
    for _ in 0..100 {
        let answer = edge.ask(&get("/products", "origin: https://till.example\r\n")).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.all("access-control-allow-origin").is_empty());
    }
}

#[rstest]
#[case::all(Role::All)]
#[case::gateway(Role::Gateway)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_edges_do_the_same_duties(#[case] role: Role) {
    let edge = Edge::start(role, &[("SERVER__SILENT_BODY_TIMEOUT_MS", "700")]).await;
    let service = edge.service();
    // an id, accepted or made; a key where none came
    let reply = service.get("/products").header("x-request-id", "till-7").await;
    assert_eq!(reply.header("x-request-id"), Some("till-7"));
    let made = service.post("/products", &json!({})).without_key().await;
    assert!(made.header("idempotency-key").is_some_and(|key| key.len() >= 16));
    // problem documents of their own
    service.get("/nothing").await.with_problem(404, "not_found");
    service.get("/internal/deductions/1").await.with_problem(404, "not_found");
    // one document, with the page that shows it
    let document = service.get("/openapi.json").await.with_status(200);
    for path in ["/products", "/orders"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    assert_eq!(service.get("/docs/").await.status, 200);
    // no tunnel, no body that stops arriving
    let upgrade = get("/products", "connection: upgrade\r\nupgrade: websocket\r\n");
    assert_eq!(edge.ask(&upgrade).await.status(), 400);
    let stalled =
        "POST /products HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    assert_eq!(edge.ask(stalled).await.status(), 400);
    // too long a body
    let long = "POST /products HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2000000\r\n\r\n";
    assert_eq!(edge.ask(long).await.status(), 413);
}

/// The trace goes into the log, under the same id as it travels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_knows_the_trace() {
    let edge = Edge::start(Role::Gateway, &[]).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let head = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n");
    // what is not served is logged at a level that the tests' processes show
    let Edge::Gateway(rig) = &edge else {
        panic!("it is a gateway");
    };
    rig.orders[0].always(super::replica::Act::SendAndClose(vec![]));
    assert_eq!(edge.ask(&get("/orders", &head)).await.status(), 503);
    let told = format!("trace_id=\"{trace}\"");
    until("the log tells the trace", SOON, async || edge.pos().log().contains(&told).then_some(())).await;
}
