//! The shops that the page asks: a plain one, and some in trouble.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;

use crate::support::{
    client::Service,
    engine::{Databases, Engine},
    peer::{Behaviour, Peer},
    port::Port,
    process::Pos,
    shop::{Running, address, order_of},
    wait::until,
};

pub const WITHIN: Duration = Duration::from_secs(20);

/// Every shop that was asked for so far.
pub struct Shops {
    plain: Running,
    in_trouble: BTreeMap<String, Trouble>,
}

/// A shop that cannot do as it should.
struct Trouble {
    service: Service,
    _processes: Vec<Pos>,
    _databases: Option<Databases>,
    _peer: Option<Peer>,
    _ports: Vec<Port>,
}

impl Shops {
    pub async fn one_process() -> Self {
        Self {
            plain: Running::all(Databases::migrated(Engine::Sqlite).await).await,
            in_trouble: BTreeMap::new(),
        }
    }

    pub async fn split() -> Self {
        Self {
            plain: Running::split(Databases::migrated(Engine::Postgres).await).await,
            in_trouble: BTreeMap::new(),
        }
    }

    /// Who answers this path in the shop of this name.
    pub async fn service(&mut self, shop: &str, path: &str) -> Service {
        if shop.is_empty() {
            let is_order = path.starts_with("/orders");
            return if is_order { self.plain.order().clone() } else { self.plain.product.clone() };
        }
        if !self.in_trouble.contains_key(shop) {
            let trouble = match shop {
                "product-away" => order_service(Behaviour::Refuse, &[]).await,
                "busy" => busy().await,
                "limited" => limited().await,
                "gateway-alone" => gateway_alone().await,
                other => panic!("the page asks a shop {other:?} that nobody made"),
            };
            self.in_trouble.insert(shop.to_owned(), trouble);
        }
        self.in_trouble[shop].service.clone()
    }
}

/// An order service; what it asks the product service meets this.
async fn order_service(behaviour: Behaviour, more: &[(&str, &str)]) -> Trouble {
    let databases = Databases::migrated(Engine::Sqlite).await;
    let ports = vec![Port::reserve(), Port::reserve()];
    let nobody = "http://127.0.0.1:1";
    let peer = Peer::start(address(1, &ports[0]), nobody, behaviour);
    let mut settings = databases.settings();
    settings.push(("POS__ORDER__PRODUCT_URL".into(), peer.url()));
    settings.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    let mut order = Pos::start("order", address(1, &ports[1]), settings);
    order.ready().await;
    let service = order.service();
    Trouble {
        service,
        _processes: vec![order],
        _databases: Some(databases),
        _peer: Some(peer),
        _ports: ports,
    }
}

/// It has room for one order, and that one waits for the product service.
async fn busy() -> Trouble {
    let room_for_one = [("POS__ORDER__MAX_IN_FLIGHT", "1"), ("POS__ORDER__DEADLINE_MS", "60000")];
    let trouble = order_service(Behaviour::Silence, &room_for_one).await;
    let product = "0199a4c2-7f3e-7b61-9d52-1c8e5a7f4b30";
    tokio::spawn(trouble.service.post("/orders", &order_of(&[(product, 1.0)])).try_send());
    until("an order that waits", WITHIN, async || {
        let orders = trouble.service.get("/orders?status=pending").await.with_status(200);
        (orders["items"] != json!([])).then_some(())
    })
    .await;
    trouble
}

/// It answers one request a second.
async fn limited() -> Trouble {
    let databases = Databases::migrated(Engine::Sqlite).await;
    let ports = vec![Port::reserve()];
    let mut settings = databases.settings();
    settings.push(("POS__SERVER__RATE_LIMIT_PER_SECOND".into(), "1".into()));
    settings.push(("POS__SERVER__RATE_BURST".into(), "1".into()));
    let mut pos = Pos::start("all", address(1, &ports[0]), settings);
    pos.ready().await;
    let service = pos.service();
    Trouble { service, _processes: vec![pos], _databases: Some(databases), _peer: None, _ports: ports }
}

/// A gateway that finds nobody behind it.
async fn gateway_alone() -> Trouble {
    let ports = vec![Port::reserve(), Port::reserve()];
    let nobody = format!("http://127.0.0.1:{}", ports[1].number);
    let settings = ["POS__GATEWAY__PRODUCT_URL", "POS__GATEWAY__ORDER_URL"];
    let settings = settings.map(|name| (name.to_owned(), nobody.clone())).to_vec();
    let mut gateway = Pos::start("gateway", address(1, &ports[0]), settings);
    gateway.ready().await;
    let service = gateway.service();
    Trouble { service, _processes: vec![gateway], _databases: None, _peer: None, _ports: ports }
}
