//! Gateway, product service and order services, on two PostgreSQL servers, with a wire between each two of them.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use super::{Ground, Location, Shop, client};
use crate::{
    clients::Doors,
    dns,
    place::free_port,
    postgres::Server,
    process::{Process, Program},
    wire::{Speaks, Wire},
};

const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Shorter than their defaults, so that they fire: how long a statement, and a transaction that idles, may take.
const TIMEOUTS: [(&str, &str); 2] =
    [("POS__DATABASE__STATEMENT_TIMEOUT_MS", "1500"), ("POS__DATABASE__IDLE_TRANSACTION_TIMEOUT_MS", "2500")];
/// The last order service waits longer for a lock than for its statement, so that it meets the other time-out.
const LOCK_TIMEOUT: (&str, &str) = ("POS__DATABASE__LOCK_TIMEOUT_MS", "10000");

/// Enough for all services; few enough that they can be used up.
const MAX_CONNECTIONS: u32 = 80;

struct Building<'a> {
    ground: &'a Ground<'a>,
    ports: Vec<u16>,
    processes: Vec<Arc<Process>>,
    wires: Vec<Arc<Wire>>,
    services: Vec<String>,
}

pub async fn start(ground: &Ground<'_>) -> anyhow::Result<Shop> {
    let mut building = Building { ground, ports: vec![], processes: vec![], wires: vec![], services: vec![] };
    let product_server = building.server("postgres product").await?;
    let order_server = building.server("postgres order").await?;
    let product = building.product(&product_server).await?;
    let product_port = free_port(&mut building.ports)?;
    let order_port = free_port(&mut building.ports)?;
    let replicas: Vec<Ipv4Addr> =
        (0..ground.orders).map(|number| Ipv4Addr::new(127, 0, 0, 2 + number)).collect();
    let mut doors = Vec::new();
    for (number, replica) in (1..).zip(&replicas) {
        let name = format!("order {number}");
        let address = building.order(&name, number == ground.orders, &order_server, product).await?;
        let wire = building.wire(Speaks::Http, (*replica, order_port), address).await?;
        doors.push(wire.url());
    }
    let to_product = building.wire(Speaks::Http, (Ipv4Addr::new(127, 0, 0, 2), product_port), product);
    to_product.await?;
    let names = [("products.test", vec![Ipv4Addr::new(127, 0, 0, 2)]), ("orders.test", replicas)];
    let names: HashMap<String, Vec<Ipv4Addr>> =
        names.into_iter().map(|(name, at)| (name.to_owned(), at)).collect();
    let settings = [
        ("POS__GATEWAY__PRODUCT_URL", format!("http://products.test:{product_port}")),
        ("POS__GATEWAY__ORDER_URL", format!("http://orders.test:{order_port}")),
        ("POS__GATEWAY__NAMESERVERS", dns::serve(names).await?.to_string()),
    ];
    let gateway = building.service("gateway", "gateway", &settings)?;
    let port = free_port(&mut building.ports)?;
    let front = building.wire(Speaks::Http, (LOCAL, port), gateway).await?;
    let urls = [
        ("POS__PRODUCT__DATABASE_URL", product_server.url()),
        ("POS__ORDER__DATABASE_URL", order_server.url()),
    ];
    Ok(Shop {
        processes: building.processes,
        wires: building.wires,
        doors: Doors { front: front.url(), orders: doors },
        product: Location::Postgres(product_server.url()),
        order: Location::Postgres(order_server.url()),
        servers: vec![product_server, order_server],
        disk: None,
        audit: ground.pos("audit", &["audit"], &urls),
        services: building.services,
        client: client()?,
    })
}

impl Building<'_> {
    async fn server(&mut self, name: &str) -> anyhow::Result<Arc<Server>> {
        let port = free_port(&mut self.ports)?;
        Ok(Arc::new(Server::start(name, self.ground.directory, port, MAX_CONNECTIONS, &[]).await?))
    }

    async fn wire(
        &mut self,
        speaks: Speaks,
        from: (Ipv4Addr, u16),
        to: SocketAddr,
    ) -> anyhow::Result<Arc<Wire>> {
        // each wire draws for itself: what goes over one does not shift what is done on another
        let seed = self.ground.seed.wrapping_add(self.wires.len() as u64);
        let wire = Wire::open(speaks, from.into(), to, self.ground.history, seed).await?;
        self.wires.push(wire.clone());
        Ok(wire)
    }

    /// The URL of a database behind a wire of its own.
    async fn database(&mut self, server: &Server) -> anyhow::Result<String> {
        let port = free_port(&mut self.ports)?;
        let to = (LOCAL, server.port).into();
        self.wire(Speaks::Postgres, (LOCAL, port), to).await?;
        Ok(format!("postgres://pos@127.0.0.1:{port}/pos"))
    }

    async fn product(&mut self, server: &Server) -> anyhow::Result<SocketAddr> {
        let url = self.database(server).await?;
        self.ground.migrate("product", ("POS__PRODUCT__DATABASE_URL", server.url()))?;
        self.service("product", "product", &[("POS__PRODUCT__DATABASE_URL", url)])
    }

    async fn order(
        &mut self,
        name: &str,
        is_last: bool,
        server: &Server,
        product: SocketAddr,
    ) -> anyhow::Result<SocketAddr> {
        self.ground.migrate("order", ("POS__ORDER__DATABASE_URL", server.url()))?;
        let url = self.database(server).await?;
        let port = free_port(&mut self.ports)?;
        let to_product = self.wire(Speaks::Http, (LOCAL, port), product).await?;
        let mut settings =
            vec![("POS__ORDER__DATABASE_URL", url), ("POS__ORDER__PRODUCT_URL", to_product.url())];
        if is_last {
            settings.push((LOCK_TIMEOUT.0, LOCK_TIMEOUT.1.to_owned()));
        }
        self.service(name, "order", &settings)
    }

    fn service(
        &mut self,
        name: &str,
        role: &str,
        settings: &[(&'static str, String)],
    ) -> anyhow::Result<SocketAddr> {
        let address: SocketAddr = (LOCAL, free_port(&mut self.ports)?).into();
        let timeouts = TIMEOUTS.map(|(key, value)| (key, value.to_owned()));
        let settings = [&timeouts[..], settings, &[("POS__SERVER__LISTEN", address.to_string())]].concat();
        let program = self.ground.pos(name, &["--role", role], &settings);
        self.processes.push(Arc::new(Process::start(program)?));
        self.services.push(format!("http://{address}"));
        Ok(address)
    }
}

impl Ground<'_> {
    fn migrate(&self, role: &str, url: (&str, String)) -> anyhow::Result<()> {
        let program: Program = self.pos(&format!("migrate {role}"), &["migrate", "--role", role], &[url]);
        program.run()
    }
}
