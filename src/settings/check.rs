//! Whether the values make sense, each by itself and together.

use std::net::SocketAddr;

use actix_web::http::Uri;
use contract::{Currency, Shop};
use platform::{database::locate, http::TrustedProxies};

use super::{bounds::BOUNDS, layers::Layers};
use crate::role::Role;

const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "off"];

/// Notes every fault; answers the shop when its part has none.
pub fn check(layers: &mut Layers, role: Role) -> Option<Shop> {
    check_numbers(layers);
    check_texts(layers, role);
    check_databases(layers, role);
    check_shop(layers)
}

fn check_numbers(layers: &mut Layers) {
    for (key, bounds) in BOUNDS {
        let number = layers.number(key);
        if !bounds.contains(&number) {
            layers.fault(
                key,
                format!("{number} is out of bounds; must be from {} to {}", bounds.start(), bounds.end()),
            );
        }
    }
    for (less, more) in [
        ("order.target_ms", "order.decide_try_ms"),
        ("order.decide_try_ms", "order.deadline_ms"),
        ("order.sweeper.retry_ms", "order.sweeper.max_retry_ms"),
        ("gateway.try_timeout_ms", "gateway.total_timeout_ms"),
        ("gateway.eject_ms", "gateway.eject_max_ms"),
    ] {
        let (least, most) = (layers.number(less), layers.number(more));
        if least > most {
            layers.fault(less, format!("{least} is more than {more} = {most}; must be at most that"));
        }
    }
}

fn check_texts(layers: &mut Layers, role: Role) {
    let listen = layers.text("server.listen").to_owned();
    if listen.parse::<SocketAddr>().is_err() {
        layers.fault(
            "server.listen",
            format!("{listen:?} must be an IP address and a port, such as 0.0.0.0:8080"),
        );
    }
    let level = layers.text("log.level").to_owned();
    if let Some(part) = level.split(',').find(|part| !is_level(part)) {
        let levels = LEVELS.join(", ");
        layers.fault("log.level", format!("{part:?} must be one of {levels}, or target=level"));
    }
    let format = layers.text("log.format").to_owned();
    if !["text", "json"].contains(&format.as_str()) {
        layers.fault("log.format", format!("{format:?} must be text or json"));
    }
    if layers.text("data_dir").is_empty() {
        layers.fault("data_dir", "must name a directory");
    }
    check_urls(layers, role);
    let nameservers = layers.text("gateway.nameservers").to_owned();
    if let Err(error) = gateway::parse_nameservers(&nameservers) {
        layers.fault("gateway.nameservers", error);
    }
    let proxies = layers.text("gateway.trusted_proxies").to_owned();
    if let Err(error) = TrustedProxies::parse(&proxies) {
        layers.fault("gateway.trusted_proxies", error);
    }
    check_origins(layers);
}

fn check_origins(layers: &mut Layers) {
    let origins = layers.text("server.cors_origins").to_owned();
    let given = origins.split(',').map(str::trim).filter(|part| !part.is_empty());
    for origin in given.filter(|origin| !is_origin(origin)) {
        layers.fault(
            "server.cors_origins",
            format!("{origin:?} must be an origin such as https://till.example, without a path or a star"),
        );
    }
}

/// As a browser writes it: nothing after the host and port, not even a slash.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    ["http", "https"].contains(&scheme) && !authority.is_empty() && authority.bytes().all(named)
}

fn check_urls(layers: &mut Layers, role: Role) {
    let used: &[&str] = match role {
        Role::Order => &["order.product_url"],
        Role::Gateway => &["gateway.product_url", "gateway.order_url"],
        Role::All | Role::Product => &[],
    };
    for key in used {
        if let Some(fault) = url_fault(key, layers.text(key)) {
            layers.fault(key, fault);
        }
    }
}

fn url_fault(key: &str, url: &str) -> Option<String> {
    match key.starts_with("gateway.") {
        true => gateway::Location::parse(url).err().map(|fault| fault.to_string()),
        false => (!is_base_url(url))
            .then(|| "must be a URL such as http://product-service:8081, without a path".to_owned()),
    }
}

fn is_level(part: &str) -> bool {
    let level =
        part.rsplit_once('=').map_or(part, |(target, level)| if target.is_empty() { "" } else { level });
    LEVELS.contains(&level.trim().to_ascii_lowercase().as_str())
}

fn is_base_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let plain = uri.path().trim_end_matches('/').is_empty() && uri.query().is_none();
    uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty()) && plain
}

fn check_databases(layers: &mut Layers, role: Role) {
    for (module, used) in [("product", role.has_product()), ("order", role.has_order())] {
        let key = format!("{module}.database_url");
        let url = layers.text(&key).to_owned();
        // a secret that could not be read is a fault already
        if let Some(error) = locate(&url).err().filter(|_| used && !url.is_empty()) {
            layers.fault(&key, error);
        }
    }
    let same = layers.text("product.database_url") == layers.text("order.database_url");
    if role == Role::All && same && !layers.text("order.database_url").is_empty() {
        layers.fault(
            "order.database_url",
            "is the product module's database; each module needs one of its own",
        );
    }
}

fn check_shop(layers: &mut Layers) -> Option<Shop> {
    let id = layers.text("shop.id").to_owned();
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let id_is_good = (1..=64).contains(&id.len()) && id.bytes().all(known);
    if !id_is_good {
        layers.fault("shop.id", format!("{id:?} must be 1 to 64 of A-Z a-z 0-9 . _ -"));
    }
    let code = layers.text("shop.currency").to_owned();
    let currency: Option<Currency> = match code.parse() {
        Ok(currency) => Some(currency),
        Err(error) => {
            layers.fault("shop.currency", format!("{code:?} {error}"));
            None
        }
    };
    currency.filter(|_| id_is_good).map(|currency| Shop::new(id, currency))
}
