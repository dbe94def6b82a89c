//! The shops that are measured, with the settings that they have by default.

use std::{
    collections::HashMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;
use torture::{dns, process::Process};
use uuid::Uuid;

use super::{Ground, SplitDatabases, catalogue};
use crate::load::Connection;

const ORDER_REPLICAS: u8 = 3;
const READY_WITHIN: Duration = Duration::from_secs(60);

/// One process, and where it serves.
pub struct Service {
    pub name: String,
    pub process: Process,
    pub at: SocketAddr,
}

/// Gateway, product service and order services.
pub struct Split {
    pub gateway: Service,
    pub product: Service,
    pub orders: Vec<Service>,
    pub products: Arc<[Uuid]>,
}

/// One process on SQLite.
pub struct All {
    pub service: Service,
    pub products: Arc<[Uuid]>,
}

impl Split {
    /// On these databases, with so many products; those that are there stay.
    pub async fn start(ground: &Ground, databases: &SplitDatabases, products: usize) -> anyhow::Result<Self> {
        let product_url = [("POS__PRODUCT__DATABASE_URL", databases.product.clone())];
        let order_url = ("POS__ORDER__DATABASE_URL", databases.order.clone());
        ground.pos("migrate-product", &["migrate", "--role", "product"], &product_url).run()?;
        ground
            .pos("migrate-order", &["migrate", "--role", "order"], std::slice::from_ref(&order_url))
            .run()?;
        let (product_port, order_port) = (ground.port()?, ground.port()?);
        let product =
            start_service(ground, "product", (Ipv4Addr::LOCALHOST, product_port).into(), &product_url)?;
        product.ready().await?;
        let ids = match catalogue::ids(product.at, products).await {
            Ok(ids) => ids,
            Err(_) => {
                catalogue::import(ground, products, &product_url)?;
                let ids = catalogue::ids(product.at, products).await?;
                catalogue::refill(product.at, ids[0]).await?;
                ids
            }
        };
        let to_product = ("POS__ORDER__PRODUCT_URL", format!("http://{}", product.at));
        let replicas: Vec<Ipv4Addr> =
            (0..ORDER_REPLICAS).map(|number| Ipv4Addr::new(127, 0, 0, 2 + number)).collect();
        let settings = [order_url, to_product];
        let orders: Vec<Service> = replicas
            .iter()
            .map(|replica| start_service(ground, "order", (*replica, order_port).into(), &settings))
            .collect::<anyhow::Result<_>>()?;
        let names = [("products.test", vec![Ipv4Addr::LOCALHOST]), ("orders.test", replicas)]
            .map(|(name, at)| (name.to_owned(), at));
        let settings = [
            ("POS__GATEWAY__PRODUCT_URL", format!("http://products.test:{product_port}")),
            ("POS__GATEWAY__ORDER_URL", format!("http://orders.test:{order_port}")),
            ("POS__GATEWAY__NAMESERVERS", dns::serve(HashMap::from(names)).await?.to_string()),
        ];
        let at = (Ipv4Addr::LOCALHOST, ground.port()?).into();
        let gateway = start_service(ground, "gateway", at, &settings)?;
        for service in orders.iter().chain([&gateway]) {
            service.ready().await?;
        }
        gateway.answers("/orders?limit=1").await?;
        Ok(Self { gateway, product, orders, products: ids })
    }

    pub fn services(&self) -> impl Iterator<Item = &Service> {
        [&self.gateway, &self.product].into_iter().chain(&self.orders)
    }
}

impl All {
    /// In a data directory, where there may be products already.
    pub async fn start(ground: &Ground, data: &Path, products: usize) -> anyhow::Result<Self> {
        Self::start_as(ground, "all", data, products, &[]).await
    }

    /// In another role, or with further settings.
    pub async fn start_as(
        ground: &Ground,
        role: &str,
        data: &Path,
        products: usize,
        settings: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        fs::create_dir_all(data)?;
        let place = [("POS__DATA_DIR", data.display().to_string())];
        if !data.join("product.db").exists() {
            catalogue::import(ground, products, &place)?;
        }
        let at = (Ipv4Addr::LOCALHOST, ground.port()?).into();
        let service = start_service(ground, role, at, &[&place, settings].concat())?;
        service.ready().await?;
        let products = catalogue::ids(service.at, products).await?;
        Ok(Self { service, products })
    }
}

/// `pos` of a role, whose name is the service's.
pub fn start_service(
    ground: &Ground,
    role: &str,
    at: SocketAddr,
    settings: &[(&str, String)],
) -> anyhow::Result<Service> {
    let settings = [settings, &[("POS__SERVER__LISTEN", at.to_string())]].concat();
    let program = ground.pos(role, &["--role", role], &settings);
    Ok(Service { name: role.to_owned(), process: Process::start(program)?, at })
}

impl Service {
    pub async fn ready(&self) -> anyhow::Result<()> {
        self.answers("/readyz").await
    }

    pub async fn answers(&self, path: &str) -> anyhow::Result<()> {
        Self::answered(&self.name, self.at, path).await
    }

    /// Waits until what listens there answers 200.
    pub async fn answered(name: &str, at: SocketAddr, path: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !is_answered(at, path).await {
            anyhow::ensure!(begun.elapsed() < READY_WITHIN, "{name} does not answer {path}");
            sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}

async fn is_answered(at: SocketAddr, path: &str) -> bool {
    let Ok(mut connection) = Connection::open(at).await else { return false };
    let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n");
    connection.ask(request.as_bytes()).await.is_ok_and(|answer| answer.status == 200)
}
