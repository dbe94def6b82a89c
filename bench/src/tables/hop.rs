//! What one proxy hop costs: a product by its id straight from a product service, and through each proxy.

use std::{fmt, net::SocketAddr};

use super::{
    Bench,
    rounds::{NOT_DONE, Rounds, note_kinds, ratio},
};
use crate::{
    ground::{All, Proxy, Service, Watch, haproxy, nginx, start_service},
    load::{Outcome, Work, closed_loop},
    report::{Bars, Goal, Report, Section},
};

/// As many as one worker of each has work with, on two cores.
const CONNECTIONS: usize = 32;
const PRODUCTS: usize = 100;
const ONE_WORKER: (&str, &str) = ("POS__SERVER__WORKERS", "1");
/// The others write no line a request either.
const QUIET: (&str, &str) = ("POS__LOG__LEVEL", "warn");

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Straight,
    Gateway,
    Nginx,
    Haproxy,
}

const WAYS: [Way; 4] = [Way::Straight, Way::Gateway, Way::Nginx, Way::Haproxy];

struct Proxies {
    product: All,
    gateway: Service,
    nginx: Proxy,
    haproxy: Proxy,
}

struct Passed {
    outcome: Outcome,
    /// Of the hop's process, in microseconds.
    cpu_a_request: f64,
}

pub async fn measure(bench: &Bench<'_>, report: &mut Report) -> anyhow::Result<()> {
    let proxies = Proxies::start(bench).await?;
    let measured = Rounds::run(bench.options, &WAYS, async |way| pass(bench, &proxies, way).await).await?;
    let cpu = |passed: &Passed| passed.cpu_a_request;
    let mut section = Section::new(
        "The gateway's hop",
        &format!(
            "`GET /products/{{id}}` of a product service on SQLite, straight and through each proxy: one \
             worker each, {CONNECTIONS} connections, kept on both sides; none of them writes a line a request."
        ),
        &["through", "requests/s", "p50 ms", "p99 ms", "CPU µs a request of the hop", "÷ nginx"],
    );
    for way in WAYS {
        let (cost, to_nginx) = match way {
            Way::Straight => ("–".to_owned(), "–".to_owned()),
            _ => (measured.figure(way, cpu).show(1), measured.compare(way, Way::Nginx, cpu, ratio).show(2)),
        };
        section.row(&[
            way.to_string(),
            measured.figure(way, |passed| passed.outcome.per_second).show(0),
            measured.figure(way, |passed| passed.outcome.within_ms(0.5)).show(2),
            measured.figure(way, |passed| passed.outcome.within_ms(0.99)).show(2),
            cost,
            to_nginx,
        ]);
    }
    report.section(section);
    for way in WAYS {
        let outcomes = measured.of(way).iter().map(|passed| &passed.outcome);
        note_kinds(report, &format!("through {way}"), outcomes, &NOT_DONE);
    }
    report.goal(Goal::Hop, measured.compare(Way::Gateway, Way::Nginx, cpu, ratio));
    let bars = WAYS[1..].iter().map(|way| (way.to_string(), measured.figure(*way, cpu).median())).collect();
    report.chart("hop", Bars { title: "Processor time of one hop", up: "µs a request", bars }.svg());
    Ok(())
}

impl Proxies {
    async fn start(bench: &Bench<'_>) -> anyhow::Result<Self> {
        let ground = bench.ground;
        let settings = [ONE_WORKER, QUIET].map(|(key, value)| (key, value.to_owned()));
        let product =
            All::start_as(ground, "product", &ground.directory.join("hop"), PRODUCTS, &settings).await?;
        let to = product.service.at;
        let url = format!("http://{to}");
        let urls = ["POS__GATEWAY__PRODUCT_URL", "POS__GATEWAY__ORDER_URL"].map(|key| (key, url.clone()));
        let at = SocketAddr::from(([127, 0, 0, 1], ground.port()?));
        let gateway = start_service(ground, "gateway", at, &[&settings[..], &urls].concat())?;
        let (nginx, haproxy) = (nginx(ground, to)?, haproxy(ground, to)?);
        gateway.ready().await?;
        let products = product.products.clone();
        let proxies = Self { product, gateway, nginx, haproxy };
        for way in WAYS {
            // each is up once it passes one on
            let path = format!("/products/{}", products[0]);
            Service::answered(&way.to_string(), proxies.of(way).0, &path).await?;
        }
        Ok(proxies)
    }

    /// Where it listens, and its process.
    fn of(&self, way: Way) -> (SocketAddr, Option<u32>) {
        match way {
            Way::Straight => (self.product.service.at, self.product.service.process.id()),
            Way::Gateway => (self.gateway.at, self.gateway.process.id()),
            Way::Nginx => (self.nginx.at, self.nginx.process.id()),
            Way::Haproxy => (self.haproxy.at, self.haproxy.process.id()),
        }
    }
}

async fn pass(bench: &Bench<'_>, proxies: &Proxies, way: Way) -> anyhow::Result<Passed> {
    let (at, process) = proxies.of(way);
    let work = Work::Read { products: proxies.product.products.clone() };
    let watch = Watch::start(process.into_iter().collect());
    let outcome = closed_loop(at, &work, CONNECTIONS, bench.options.round()).await?;
    let cpu: f64 = watch.end()?.iter().map(|usage| usage.cpu.as_secs_f64()).sum();
    Ok(Passed { cpu_a_request: cpu * 1e6 / outcome.done.count() as f64, outcome })
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Straight => "straight",
            Self::Gateway => "gateway",
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
        })
    }
}
