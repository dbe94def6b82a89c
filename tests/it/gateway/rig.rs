//! A gateway as a process, replicas that obey, and the DNS server that names them.

use std::{net::Ipv4Addr, time::Duration};

use serde_json::Value;

use super::{
    dns::{Dns, Records},
    replica::Replica,
};
use crate::support::{client::Service, port::Port, process::Pos, shop::address, wait::until, wire::Wire};

/// Looks and checks often, waits shortly: what is tested is the order of things and not their defaults.
const HASTE: [(&str, &str); 8] = [
    ("GATEWAY__RESOLVE_EVERY_MS", "100"),
    ("GATEWAY__RESOLVE_TIMEOUT_MS", "300"),
    ("GATEWAY__HEALTH_EVERY_MS", "100"),
    ("GATEWAY__TRY_TIMEOUT_MS", "700"),
    ("GATEWAY__TOTAL_TIMEOUT_MS", "1800"),
    ("GATEWAY__SILENT_BODY_TIMEOUT_MS", "700"),
    ("SERVER__SILENT_BODY_TIMEOUT_MS", "700"),
    ("SERVER__HEAD_TIMEOUT_MS", "700"),
];

/// For tests where a passing check would hide what passive health does: only newcomers are checked in time.
pub const RARE_CHECKS: (&str, &str) = ("GATEWAY__HEALTH_EVERY_MS", "60000");

/// For tests that hold a request until something else has happened.
pub const PATIENT: [(&str, &str); 2] =
    [("GATEWAY__TRY_TIMEOUT_MS", "20000"), ("GATEWAY__TOTAL_TIMEOUT_MS", "20000")];

pub const SOON: Duration = Duration::from_secs(10);

/// The order service's replicas are at 127.0.0.11 and on; the product service's one is at 127.0.0.21.
pub struct Rig {
    pub dns: Dns,
    pub orders: Vec<Replica>,
    pub product: Replica,
    pub gateway: Pos,
    port: Port,
    _gateway_port: Port,
}

impl Rig {
    /// With so many order replicas, all of them in use. `settings` without `POS__`.
    pub async fn start(replicas: u8, settings: &[(&str, &str)]) -> Self {
        let mut rig = Self::prepare(replicas, settings).await;
        rig.gateway.ready().await;
        for replica in 0..replicas.into() {
            rig.until_state(replica, "ready").await;
        }
        until("the product service is known", SOON, async || {
            let view = rig.view().await;
            (view[0]["endpoints"][0]["state"] == "ready").then_some(())
        })
        .await;
        rig
    }

    /// The same, not waiting for anything.
    pub async fn prepare(replicas: u8, settings: &[(&str, &str)]) -> Self {
        let (port, gateway_port) = (Port::reserve(), Port::reserve());
        let dns = Dns::start().await;
        let mut orders = Vec::new();
        for host in 0..replicas {
            orders.push(Replica::start(address(11 + host, &port)).await);
        }
        let product = Replica::start(address(21, &port)).await;
        let mut given: Vec<(String, String)> = vec![
            ("GATEWAY__NAMESERVERS".into(), dns.address.to_string()),
            ("GATEWAY__ORDER_URL".into(), format!("http://order.test:{}", port.number)),
            ("GATEWAY__PRODUCT_URL".into(), format!("http://product.test:{}", port.number)),
        ];
        let all = HASTE.iter().chain(settings);
        given.extend(all.map(|(name, value)| ((*name).into(), (*value).into())));
        let given = given.into_iter();
        let given = given.map(|(name, value)| (format!("POS__{name}"), value));
        dns.set("product.test", Records::Addresses(vec![ip(21)]));
        let names = (0..replicas).map(|host| ip(11 + host)).collect();
        dns.set("order.test", Records::Addresses(names));
        let gateway = Pos::start("gateway", address(1, &gateway_port), given.collect());
        Self { dns, orders, product, gateway, port, _gateway_port: gateway_port }
    }

    pub fn service(&self) -> Service {
        self.gateway.service()
    }

    pub async fn wire(&self) -> Wire {
        Wire::connect(self.gateway.address).await
    }

    /// One more replica, of which DNS does not know yet.
    pub async fn add_replica(&mut self) {
        let host = 11 + u8::try_from(self.orders.len()).unwrap();
        self.orders.push(Replica::start(address(host, &self.port)).await);
    }

    /// These replicas are what DNS names from now on.
    pub fn name(&self, replicas: &[u8]) {
        let addresses = replicas.iter().map(|replica| ip(11 + replica)).collect();
        self.dns.set("order.test", Records::Addresses(addresses));
    }

    /// How often each order replica was asked.
    pub fn counts(&self) -> Vec<usize> {
        self.orders.iter().map(Replica::count).collect()
    }

    /// `GET /gateway/endpoints`
    pub async fn view(&self) -> Value {
        self.service().get("/gateway/endpoints").await.with_status(200)
    }

    /// The gateway's view of an order replica; null when it knows none there.
    pub async fn endpoint(&self, replica: usize) -> Value {
        let address = format!("{}:{}", ip(11 + replica as u8), self.port.number);
        let view = self.view().await;
        let endpoints = view[1]["endpoints"].as_array().unwrap();
        let found = endpoints.iter().find(|endpoint| endpoint["address"] == address.as_str());
        found.cloned().unwrap_or_default()
    }

    pub async fn state(&self, replica: usize) -> String {
        let endpoint = self.endpoint(replica).await;
        endpoint["state"].as_str().unwrap_or("unknown").to_owned()
    }

    pub async fn until_state(&self, replica: usize, state: &str) {
        let what = format!("replica {replica} is {state}");
        until(&what, SOON, async || (self.state(replica).await == state).then_some(())).await;
    }
}

fn ip(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, host)
}
