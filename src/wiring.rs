//! The one place that decides, for each role, whether a module is here or elsewhere.

use std::{rc::Rc, sync::Arc, time::Duration};

use anyhow::Context;
use contract::{ProductApi, ProductClient, Shop};
use gateway::Gateway;
use order::{OrderAudit, OrderService, OrderShared};
use platform::{
    client::{self, ClientSettings},
    database::{Database, FileLock},
    http::{Found, Peer, RateLimit},
    metrics::Metrics,
    problem::chain,
};
use product::{ProductAudit, ProductService};

use crate::{
    audit::{Audited, STATEMENTS_A_BATCH},
    databases::{Needed, lock_directories, lock_unless_used},
    role::Role,
    settings::Settings,
};

/// Where the product module is. Small and `Send`: each worker makes its own client of it.
#[derive(Clone)]
pub enum ProductLink {
    Here(Box<ProductService>),
    There { url: String, client: ClientSettings, shop: Shop },
}

/// The order module, not yet bound to a worker.
#[derive(Clone)]
pub struct OrderLink {
    shared: OrderShared,
    product: ProductLink,
}

/// The modules of a role.
#[derive(Clone)]
pub struct Modules {
    pub role: Role,
    pub product: Option<ProductService>,
    pub order: Option<OrderLink>,
    pub gateway: Option<Gateway>,
    /// At the edge, where callers may not ask as often as they like.
    pub rate_limit: Option<Arc<RateLimit>>,
    pub databases: Vec<(&'static str, Database)>,
    pub metrics: Metrics,
}

/// What a process holds until its end.
pub struct Wired {
    pub modules: Modules,
    /// Keeps other processes off the SQLite files.
    _locks: Vec<FileLock>,
}

impl ProductLink {
    /// The product module, for the thread that asks.
    pub fn connect(&self) -> Rc<dyn ProductApi> {
        match self {
            Self::Here(service) => Rc::new(ProductService::clone(service)),
            Self::There { url, client, shop } => {
                Rc::new(ProductClient::new(client::build(client), url, shop))
            }
        }
    }
}

impl OrderLink {
    /// The order module, for the thread that asks.
    pub fn bind(&self) -> OrderService {
        OrderService::new(self.shared.clone(), self.product.connect())
    }
}

impl Modules {
    /// The roles elsewhere that this process asks; shown by `/readyz`.
    pub fn peers(&self) -> Vec<(&'static str, Peer)> {
        let Some(OrderLink { product: link @ ProductLink::There { .. }, .. }) = &self.order else {
            return Vec::new();
        };
        let product = link.connect();
        let ask: Peer = Rc::new(move || {
            let product = product.clone();
            Box::pin(async move { product.is_reachable().await })
        });
        vec![("product", ask)]
    }

    /// What the gateway must have found before requests make sense; shown by `/readyz`.
    pub fn found(&self) -> Vec<(&'static str, Found)> {
        let Some(gateway) = &self.gateway else {
            return Vec::new();
        };
        let found = |service| {
            let gateway = gateway.clone();
            let is_found: Found = Rc::new(move || !gateway.unresolved().contains(&service));
            (service, is_found)
        };
        vec![found("product"), found("order")]
    }

    /// Groups are written by the thread that calls from now on, on connections that it opens; by the first that does.
    pub fn begin_groups(&self) {
        if let Some(product) = &self.product {
            product.begin_groups();
        }
        if let Some(order) = &self.order {
            order.shared.begin_groups();
        }
    }

    /// Closes every pool.
    pub async fn close(&self) {
        for (name, database) in &self.databases {
            if let Err(error) = database.clone().close().await {
                tracing::warn!(database = name, error = chain(&error), "the database did not close well");
            }
        }
    }
}

/// Opens what the role needs and puts its modules together.
///
/// # Errors
/// When a directory or database is not as it has to be.
pub async fn wire(settings: &Settings) -> anyhow::Result<Wired> {
    let locks = lock_directories(&settings.database_urls())?;
    let metrics = Metrics::default();
    let mut databases = Vec::new();
    let mut opened = |database: &Database| {
        metrics.watch(database);
        databases.push((database.name(), database.clone()));
    };
    let product = match settings.role.has_product() {
        true => {
            let database = needed_by_product(settings).open::<product::Migrator>().await?;
            opened(&database);
            Some(ProductService::new(database, settings.shop.clone()))
        }
        false => None,
    };
    let order = match settings.role.has_order() {
        true => {
            let database = needed_by_order(settings).open::<order::Migrator>().await?;
            opened(&database);
            let shared = OrderShared::new(database, settings.shop.clone(), settings.order.clone(), &metrics);
            Some(OrderLink { shared, product: product_link(settings, product.as_ref()) })
        }
        false => None,
    };
    let gateway = match settings.role {
        Role::Gateway => Some(Gateway::new(settings.gateway.clone(), (&settings.server).into(), &metrics)),
        Role::All | Role::Product | Role::Order => None,
    };
    let trusted = settings.gateway.trusted_proxies.clone();
    let rate_limit = RateLimit::new(&settings.server, trusted).filter(|_| settings.role.is_edge());
    let modules = Modules {
        role: settings.role,
        product,
        order,
        gateway,
        rate_limit: rate_limit.map(Arc::new),
        databases,
        metrics,
    };
    Ok(Wired { modules, _locks: locks })
}

fn product_link(settings: &Settings, product: Option<&ProductService>) -> ProductLink {
    match product {
        Some(service) => ProductLink::Here(Box::new(service.clone())),
        None => ProductLink::There {
            url: settings.product_url.clone(),
            client: settings.product_client.clone(),
            shop: settings.shop.clone(),
        },
    }
}

/// Runs the missing migrations of the role's databases; answers how many each.
///
/// # Errors
/// When a directory or database is not as it has to be.
pub async fn migrate(settings: &Settings) -> anyhow::Result<Vec<(&'static str, usize)>> {
    let _locks = lock_directories(&settings.database_urls())?;
    let mut done = Vec::new();
    if settings.role.has_product() {
        done.push(("product", needed_by_product(settings).migrate::<product::Migrator>().await?));
    }
    if settings.role.has_order() {
        done.push(("order", needed_by_order(settings).migrate::<order::Migrator>().await?));
    }
    Ok(done)
}

/// Opens the catalogue alone, also beside a running shop; where `may_begin` says so, an embedded one that is not there yet. Whoever is alone with SQLite files may bring their schema up to
/// date, and keeps others off for that moment; beside a shop that runs it is as that shop needs it.
///
/// # Errors
/// When a directory or database is not as it has to be.
pub async fn open_catalogue(settings: &Settings, may_begin: bool) -> anyhow::Result<ProductService> {
    let needed = needed_by_product(settings);
    if !may_begin {
        needed.must_exist()?;
    }
    let database = match lock_unless_used(needed.url)? {
        Some(_locks) => needed.open::<product::Migrator>().await?,
        None => needed.open_as_it_is::<product::Migrator>().await?,
    };
    Ok(ProductService::new(database, settings.shop.clone()))
}

/// Opens both databases to read them, also beside a running shop.
///
/// # Errors
/// When one cannot be reached, or is not as it has to be.
pub async fn open_to_audit(settings: &Settings) -> anyhow::Result<Audited> {
    let product = needed_by_product(settings).open_to_read::<product::Migrator>().await?;
    let order = needed_by_order(settings).open_to_read::<order::Migrator>().await?;
    Ok(Audited {
        product: ProductAudit::new(product),
        order: OrderAudit::new(order),
        shop: settings.shop.clone(),
        patience: Duration::from_millis(STATEMENTS_A_BATCH * settings.database.statement_timeout_ms),
    })
}

/// Puts the demo catalogue in, where the product module is here; answers how many products were made.
///
/// # Errors
/// When the database fails.
pub async fn seed_demo(modules: &Modules) -> anyhow::Result<usize> {
    let Some(product) = &modules.product else {
        return Ok(0);
    };
    product::seed_demo(product).await.context("cannot put the demo catalogue in")
}

fn needed_by_product(settings: &Settings) -> Needed<'_> {
    Needed { name: "product", url: &settings.product_database_url, settings }
}

fn needed_by_order(settings: &Settings) -> Needed<'_> {
    Needed { name: "order", url: &settings.order_database_url, settings }
}
