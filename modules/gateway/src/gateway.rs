//! What a process and each of its workers hold.

use std::{cell::RefCell, pin::Pin, rc::Rc, sync::Arc, time::Instant};

use awc::Client;
use hickory_resolver::net::NetError;
use platform::{
    client::{self, ClientSettings},
    http::IncomingBounds,
    metrics::Metrics,
};
use tokio::sync::watch;
use tracing::warn;

use crate::{
    cluster::Cluster,
    discovery::{self, Location, NoLocation},
    endpoint::{Endpoint, Signal},
    health,
    metrics::GatewayMetrics,
    path::Service,
    settings::GatewaySettings,
};

/// The gateway of a process; cheap to clone, shared by all workers.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) settings: Arc<GatewaySettings>,
    pub(crate) metrics: GatewayMetrics,
    pub(crate) incoming: IncomingBounds,
    product: Arc<Cluster>,
    order: Arc<Cluster>,
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("gateway.{key}_url is not http://NAME:PORT")]
    Url { key: &'static str, source: NoLocation },
    #[error("the system's resolver configuration cannot be read; set gateway.nameservers")]
    Resolver(#[source] NetError),
}

/// Work beside the requests, until told to stop; can be started again when it broke off.
pub struct Task {
    pub name: &'static str,
    pub start: Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>,
}

impl Task {
    fn new<F: Future<Output = ()> + 'static>(name: &'static str, start: impl Fn() -> F + 'static) -> Self {
        Self { name, start: Box::new(move || Box::pin(start())) }
    }
}

/// A worker's part: HTTP clients are `!Send`.
pub struct GatewayWorker {
    pub(crate) gateway: Gateway,
    client: RefCell<(u64, Rc<Client>)>,
}

impl Gateway {
    pub fn new(settings: GatewaySettings, incoming: IncomingBounds, metrics: &Metrics) -> Self {
        Self {
            settings: Arc::new(settings),
            metrics: GatewayMetrics::new(metrics),
            incoming,
            product: Arc::new(Cluster::new(Service::Product)),
            order: Arc::new(Cluster::new(Service::Order)),
        }
    }

    /// Looking for replicas and checking them, each on one thread, until `stop` says so.
    ///
    /// # Errors
    /// When a URL is none, or there is no resolver.
    pub fn tasks(&self, stop: &watch::Receiver<bool>) -> Result<Vec<Task>, GatewayError> {
        let resolver = discovery::resolver(&self.settings).map_err(GatewayError::Resolver)?;
        let mut tasks = Vec::new();
        for cluster in self.clusters() {
            let (key, url) = match cluster.service {
                Service::Product => ("product", &self.settings.product_url),
                Service::Order => ("order", &self.settings.order_url),
            };
            let location = Location::parse(url).map_err(|source| GatewayError::Url { key, source })?;
            let (settings, stop) = (self.settings.as_ref().clone(), stop.clone());
            let (checked, check_settings, check_stop) = (cluster.clone(), settings.clone(), stop.clone());
            let followed =
                discovery::Followed { cluster: cluster.clone(), location, metrics: self.metrics.clone() };
            let resolver = resolver.clone();
            tasks.push(Task::new("discovery", move || {
                discovery::follow(followed.clone(), resolver.clone(), settings.clone(), stop.clone())
            }));
            tasks.push(Task::new("health checks", move || {
                health::watch_cluster(checked.clone(), check_settings.clone(), check_stop.clone())
            }));
        }
        Ok(tasks)
    }

    /// Both services.
    pub(crate) fn clusters(&self) -> [&Arc<Cluster>; 2] {
        [&self.product, &self.order]
    }

    pub(crate) fn cluster(&self, service: Service) -> &Cluster {
        match service {
            Service::Product => &self.product,
            Service::Order => &self.order,
        }
    }

    /// Takes an exchange into account; a replica that fails again and again is put out for a while.
    pub(crate) fn note_signal(&self, service: Service, endpoint: &Endpoint, signal: Signal) {
        let cluster = self.cluster(service);
        if signal == Signal::Refused {
            cluster.look_again.notify_one();
        }
        let is_last = signal.is_failure() && cluster.is_last(endpoint);
        if endpoint.note(signal, &self.settings, is_last, Instant::now()) {
            self.metrics.ejected(service, endpoint);
            let service = service.name();
            warn!(service, address = %endpoint.address, ?signal, "replica ejected");
        }
    }

    /// Names of the services whose name was never resolved yet: requests are not welcome before.
    pub fn unresolved(&self) -> Vec<&'static str> {
        let unresolved = self.clusters().into_iter().filter(|cluster| !cluster.is_resolved());
        unresolved.map(|cluster| cluster.service.name()).collect()
    }
}

impl GatewayWorker {
    pub fn new(gateway: Gateway) -> Self {
        let client = RefCell::new((0, build_client(&gateway.settings)));
        Self { gateway, client }
    }

    /// The worker's client; a new one when a replica left, since idle sockets to it are closed only with their client.
    pub(crate) fn client(&self) -> Rc<Client> {
        let generation = self.gateway.clusters().iter().map(|cluster| cluster.generation()).sum();
        let mut held = self.client.borrow_mut();
        if held.0 != generation {
            *held = (generation, build_client(&self.gateway.settings));
        }
        held.1.clone()
    }
}

fn build_client(settings: &GatewaySettings) -> Rc<Client> {
    client::build(&ClientSettings {
        connect_timeout_ms: settings.connect_timeout_ms,
        keep_alive_ms: settings.keep_alive_ms,
    })
}
