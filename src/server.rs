//! Serves the routes of a role over HTTP.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    time::Duration,
};

use actix_web::{
    App, Error, HttpServer,
    body::MessageBody,
    dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::{Condition, from_fn},
    web::{self, Data, redirect},
};
use anyhow::{Context, anyhow};
use contract::Currency;
use gateway::GatewayWorker;
use platform::{
    http::{
        Draining, IncomingBounds, OwnRoutes, Readiness, RouteTable, body_limit, cross_origin, end_when_quiet,
        guard_incoming, limit_rate, meet_route, no_such_route, serve_request,
    },
    settings::ServerSettings,
};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    connection,
    gate::{Gate, pass_gate},
    openapi,
    probes::ApiDocument,
    wiring::Modules,
};

/// How long a client may take to see that its connection was closed.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Everything that a worker needs to make its application.
#[derive(Clone)]
pub struct Application {
    pub modules: Modules,
    pub server: ServerSettings,
    pub draining: Draining,
    pub gate: Gate,
    document: Data<ApiDocument>,
    routes: Data<RouteTable>,
    own_routes: Data<OwnRoutes>,
}

impl Application {
    /// # Errors
    /// When the API document cannot be written.
    pub fn new(modules: Modules, server: ServerSettings, currency: Currency) -> anyhow::Result<Self> {
        let mut document = openapi::document(modules.role);
        openapi::tell_currency(&mut document, currency);
        let routes = Data::new(openapi::route_table(&mut document));
        let text = document.to_json().context("cannot write the API document")?;
        let document = Data::new(ApiDocument(text));
        let own_routes = Data::new(openapi::own_routes(modules.role));
        let (draining, gate) = (Draining::default(), Gate::default());
        Ok(Self { modules, server, draining, gate, document, routes, own_routes })
    }

    /// Binds the address and prepares the workers. They serve once the server is polled.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn bind(&self, max_connections: usize) -> anyhow::Result<(Server, Vec<SocketAddr>)> {
        let application = self.clone();
        let settings = &self.server;
        let workers = match settings.workers {
            0 => std::thread::available_parallelism().map_or(1, |cores| usize::from(cores).div_ceil(2)),
            workers => workers,
        };
        let (unread, quiet) = (settings.unread_timeout(), settings.quiet_timeout());
        let server = HttpServer::new(move || application.for_worker())
            .workers(workers)
            // actix counts them for each worker
            .max_connections(max_connections.div_ceil(workers))
            .keep_alive(Duration::from_millis(settings.keep_alive_ms))
            .client_request_timeout(Duration::from_millis(settings.head_timeout_ms))
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .tcp_nodelay(true)
            // an answer in the making still goes out on a connection that is ended because it is quiet
            .h1_allow_half_closed(true)
            .on_connect(move |connection, data| {
                connection::cut_off_unread(connection, unread);
                end_when_quiet(connection, data, quiet);
            })
            .disable_signals()
            .shutdown_timeout(settings.shutdown_timeout_ms.div_ceil(1000))
            .bind(&settings.listen)
            .map_err(|error| cannot_listen(&settings.listen, error))?;
        let addresses = server.addrs();
        Ok((server.run(), addresses))
    }

    fn readiness(&self) -> Readiness {
        Readiness {
            draining: self.draining.clone(),
            databases: self.modules.databases.clone(),
            peers: self.modules.peers(),
            found: self.modules.found(),
            timeout: self.server.ready_timeout(),
        }
    }

    fn for_worker(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        let modules = &self.modules;
        modules.begin_groups();
        let origins = match modules.role.is_edge() {
            true => self.server.cors_origins(),
            false => Vec::new(),
        };
        let bounds = IncomingBounds::from(&self.server);
        let incoming = match modules.role.is_edge() {
            true => bounds,
            false => bounds.behind_gateway(),
        };
        let (payload, limit) = body_limit(self.server.body_limit_bytes);
        let swagger = SwaggerUi::new("/docs/{file:.*}").config(Config::from("/openapi.json"));
        let mut app = App::new()
            .app_data(payload)
            .app_data(limit)
            .app_data(Data::new(modules.metrics.clone()))
            .app_data(Data::new(self.readiness()))
            .app_data(Data::new(self.draining.clone()))
            .app_data(Data::new(self.gate.clone()))
            .app_data(Data::new(incoming))
            .app_data(self.document.clone())
            .app_data(self.routes.clone())
            .app_data(self.own_routes.clone());
        if let Some(limit) = &modules.rate_limit {
            app = app.app_data(Data::from(limit.clone()));
        }
        if let Some(product) = &modules.product {
            app = app.app_data(Data::new(product.clone()));
        }
        if let Some(order) = &modules.order {
            app = app.app_data(Data::new(order.bind()));
        }
        if let Some(gateway) = &modules.gateway {
            app = app
                .app_data(Data::new(gateway.clone()))
                .app_data(Data::new(GatewayWorker::new(gateway.clone())))
                .configure(gateway::http::configure);
        }
        app.into_utoipa_app()
            .configure(|config| openapi::mount(modules.role, config))
            .configure(|config| {
                if modules.role.serves_internal() {
                    product::http::configure_internal(config);
                }
            })
            .into_app()
            .service(redirect("/docs", "/docs/"))
            .service(swagger)
            .default_service(web::to(no_such_route))
            .wrap(from_fn(meet_route))
            .wrap(from_fn(pass_gate))
            .wrap(Condition::new(modules.rate_limit.is_some(), from_fn(limit_rate)))
            .wrap(cross_origin(&origins))
            // outside of all that may answer before a body is read
            .wrap(from_fn(guard_incoming))
            .wrap(from_fn(serve_request))
    }
}

/// Fails as [`Application::bind`] would, before anything is opened or changed.
///
/// # Errors
/// When the address cannot be had.
pub fn check_address(listen: &str) -> anyhow::Result<()> {
    TcpListener::bind(listen).map(drop).map_err(|error| cannot_listen(listen, error))
}

/// Where this machine reaches what listens on an address: loopback, where it is every address.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    address
}

fn cannot_listen(listen: &str, error: io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => anyhow!(
            "cannot listen on {listen}: another process serves there; stop it, or choose another port with --listen"
        ),
        io::ErrorKind::AddrNotAvailable => {
            anyhow!("cannot listen on {listen}: this machine has no such address; correct server.listen")
        }
        io::ErrorKind::PermissionDenied => {
            anyhow!("cannot listen on {listen}: not permitted; choose a port from 1024 on with --listen")
        }
        _ => anyhow!(error).context(format!("cannot listen on {listen}; correct server.listen")),
    }
}
