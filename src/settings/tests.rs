use std::{fs, path::PathBuf};

use super::{
    bounds::BOUNDS,
    layers::{Origin, Setting},
    *,
};

/// A directory of its own, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("pos-settings-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn environment(pairs: &[(&str, &str)]) -> Option<HashMap<String, String>> {
    Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn faults(flags: &Flags, pairs: &[(&str, &str)]) -> Vec<String> {
    match Settings::load(flags, environment(pairs)) {
        Ok(_) => Vec::new(),
        Err(faults) => faults,
    }
}

fn role(role: Role) -> Flags {
    Flags { role: Some(role), ..Flags::default() }
}

#[test]
fn defaults_hold_for_every_role() {
    for name in Role::EVERY {
        let (port, migrates) = match name {
            Role::All => (8080, true),
            Role::Product => (8081, false),
            Role::Order => (8082, false),
            Role::Gateway => (8080, false),
        };
        let flags = role(name);
        let settings = Settings::load(&flags, environment(&[])).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(settings.server.listen, format!("127.0.0.1:{port}"));
        assert_eq!(settings.database.migrate_on_start, migrates);
        assert_eq!(settings.shop.currency.code(), "EUR");
        assert_eq!(settings.order_database_url, "sqlite:./data/order.db?mode=rwc");
        assert_eq!(settings.order.deadline_ms, 2000);
        assert_eq!(settings.product_url, "http://product-service:8081");
    }
}

#[test]
fn every_number_has_bounds_that_the_defaults_name() {
    let layers = Layers::read(Role::All, &Flags::default(), environment(&[]));
    let numbers = layers.entries().filter(|(_, entry)| matches!(entry.value, Setting::Number(_)));
    let mut named: Vec<&str> = BOUNDS.iter().map(|(key, _)| *key).collect();
    named.sort_unstable();
    assert_eq!(numbers.map(|(key, _)| key).collect::<Vec<_>>(), named);
    let text = include_str!("../../config/default.toml");
    for (key, bounds) in BOUNDS {
        let (section, name) = key.rsplit_once('.').unwrap();
        let section = text.split(&format!("[{section}]\n")).nth(1).unwrap();
        let comment = section.split(&format!("\n{name} = ")).next().unwrap();
        let bracket = comment.rsplit_once('[').unwrap().1.trim_end();
        assert_eq!(bracket, format!("{} to {}]", bounds.start(), bounds.end()), "{key}");
    }
}

#[test]
fn later_layers_win() {
    let directory = Directory::new();
    let first = directory.write("a.toml", "[server]\nworkers = 3\ndrain_ms = 1\nlisten = \"127.0.0.1:1\"");
    let second = directory.write("b.toml", "[server]\ndrain_ms = 2\nready_timeout_ms = 70");
    let listen = Some("127.0.0.1:3".to_owned());
    let flags = Flags { config: vec![first.clone(), second.clone()], listen, ..Flags::default() };
    let given =
        [("POS__SERVER__READY_TIMEOUT_MS", "80"), ("POS__SERVER__LISTEN", "127.0.0.1:2"), ("POS_OTHER", "x")];
    let settings = Settings::load(&flags, environment(&given)).unwrap_or_else(|faults| panic!("{faults:?}"));
    let server = &settings.server;
    assert_eq!((server.workers, server.drain_ms, server.ready_timeout_ms), (3, 2, 80));
    assert_eq!(server.listen, "127.0.0.1:3");
    let layers = layers::Layers::read(Role::All, &flags, environment(&given));
    for (key, origin) in [
        ("server.workers", Origin::File(first)),
        ("server.drain_ms", Origin::File(second)),
        ("server.ready_timeout_ms", Origin::Environment("POS__SERVER__READY_TIMEOUT_MS".into())),
        ("server.listen", Origin::Flag("--listen")),
        ("log.format", Origin::Default),
    ] {
        assert_eq!(layers.origin(key), origin, "{key}");
    }
}

#[test]
fn lists_every_fault_with_its_key() {
    let directory = Directory::new();
    let file = directory.write(
        "a.toml",
        "colour = 1\n[order]\ndedline_ms = 1\nmax_in_flight = 1.5\n[order.deadline_ms]\nx = 1",
    );
    let broken = directory.write("b.toml", "[order");
    let missing = directory.0.join("none.toml");
    let flags =
        Flags { config: vec![file, broken, missing], listen: Some("8080".into()), ..Flags::default() };
    let given = [
        ("POS__ORDER__COLOUR", "x"),
        ("POS__SHOP__CURRENCY", "EURO"),
        ("POS__SHOP__ID", "a b"),
        ("POS__LOG__LEVEL", "inof"),
        ("POS__LOG__FORMAT", "xml"),
        ("POS__SERVER__WORKERS", "many"),
        ("POS__DATABASE__MIGRATE_ON_START", "maybe"),
        ("POS__ORDER__DECIDE_TRY_MS", "3000"),
        ("POS__ORDER__SWEEPER__CONCURRENCY", "0"),
        ("POS__PRODUCT__DATABASE_URL", "mysql://db"),
    ];
    let faults = faults(&flags, &given);
    for word in [
        "colour (file",
        "order.dedline_ms",
        "order.max_in_flight",
        "order.deadline_ms.x",
        "b.toml",
        "none.toml",
        "server.listen (flag --listen)",
        "order.colour (environment POS__ORDER__COLOUR)",
        "shop.currency",
        "shop.id",
        "log.level",
        "log.format",
        "server.workers",
        "database.migrate_on_start",
        "order.decide_try_ms",
        "order.sweeper.concurrency",
        "product.database_url",
    ] {
        assert_eq!(faults.iter().filter(|fault| fault.contains(word)).count(), 1, "{word}: {faults:#?}");
    }
    assert_eq!(faults.len(), 17, "{faults:#?}");
}

#[test]
fn the_gateway_takes_names_with_ports_alone() {
    for url in [
        "http://order-service",
        "http://[::1]:8082",
        "http://user@order:8082",
        "http://order:8082/x",
        "order",
    ] {
        let given = [("POS__GATEWAY__ORDER_URL", url)];
        let faults = faults(&role(Role::Gateway), &given);
        assert!(matches!(&faults[..], [fault] if fault.contains("gateway.order_url")), "{url}: {faults:?}");
    }
}

#[test]
fn reads_a_database_url_out_of_a_secrets_file() {
    let directory = Directory::new();
    let secret = directory.write("url", "postgres://pos:hunter2@db/product\n").display().to_string();
    let given = [("POS__PRODUCT__DATABASE_URL_FILE", secret.as_str())];
    let settings = Settings::load(&role(Role::Product), environment(&given))
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(settings.product_database_url, "postgres://pos:hunter2@db/product");

    let both = [given[0], ("POS__PRODUCT__DATABASE_URL", "postgres://db/product")];
    let faults_of_both = faults(&role(Role::Product), &both);
    assert!(
        matches!(&faults_of_both[..], [fault] if fault.contains("product.database_url_file")),
        "{faults_of_both:?}"
    );

    let missing = [("POS__PRODUCT__DATABASE_URL_FILE", "/nowhere/url")];
    assert_eq!(faults(&role(Role::Product), &missing).len(), 1);
    // another role's secret need not be there
    assert_eq!(faults(&role(Role::Order), &missing), Vec::<String>::new());
}

#[test]
fn the_report_has_every_key_and_no_secret() {
    let directory = Directory::new();
    let secret = directory.write("url", "postgres://pos:hunter2@db/order").display().to_string();
    let given = [
        ("POS__PRODUCT__DATABASE_URL", "postgres://pos:hunter2@db/product"),
        ("POS__ORDER__DATABASE_URL_FILE", secret.as_str()),
    ];
    let (report, faults) = Settings::explain(&Flags::default(), environment(&given));
    assert_eq!(faults, Vec::<String>::new());
    assert!(!report.contains("hunter2"), "{report}");
    assert!(report.contains("postgres://pos:***@db/order"), "{report}");
    let keys = layers::Layers::read(Role::All, &Flags::default(), environment(&[]));
    assert!(keys.entries().all(|(key, _)| report.contains(&format!("\n{key} = "))), "{report}");
    // most wanted when something is wrong
    let (report, faults) = Settings::explain(&Flags::default(), environment(&[("POS__SERVER__LISTN", "x")]));
    assert!(report.contains("\nserver.listen = ") && faults.len() == 1, "{report} {faults:?}");
}

/// Who closes first must be who asks: else a request meets a connection that is just closed.
#[test]
fn servers_keep_connections_longer_than_those_who_ask_them() {
    let settings =
        Settings::load(&Flags::default(), environment(&[])).unwrap_or_else(|faults| panic!("{faults:?}"));
    let longest = settings.gateway.keep_alive_ms.max(settings.product_client.keep_alive_ms);
    assert!(settings.server.keep_alive_ms >= 2 * longest);
    // and the gateway waits longer for a readiness report than the report for a slow peer
    assert!(settings.gateway.health_timeout_ms > settings.server.ready_timeout_ms);
    // and a try outlasts what an order service gives itself, so that its answer is heard
    assert!(settings.gateway.try_timeout_ms > settings.order.deadline_ms);
}

#[test]
fn the_edge_refuses_what_is_no_origin_or_proxy() {
    let given = [
        ("POS__SERVER__CORS_ORIGINS", "https://till.example, *, https://x/"),
        ("POS__GATEWAY__TRUSTED_PROXIES", "10.0.0.1, proxy"),
    ];
    let faults = faults(&Flags::default(), &given);
    for word in ["\"*\"", "\"https://x/\"", "\"proxy\""] {
        assert_eq!(faults.iter().filter(|fault| fault.contains(word)).count(), 1, "{word}: {faults:?}");
    }
}

#[test]
fn refuses_one_database_for_two_modules() {
    let url = "postgres://db/pos";
    let given = [("POS__PRODUCT__DATABASE_URL", url), ("POS__ORDER__DATABASE_URL", url)];
    assert!(faults(&Flags::default(), &given)[0].contains("order.database_url"));
    assert_eq!(faults(&role(Role::Product), &given), Vec::<String>::new());
}

#[test]
fn the_examples_are_good() {
    let example = |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
    let all = Flags { config: vec![example("all.toml")], ..Flags::default() };
    assert_eq!(faults(&all, &[]), Vec::<String>::new());
    for role in [Role::Product, Role::Order, Role::Gateway] {
        let split = Flags { config: vec![example("split.toml")], role: Some(role), ..Flags::default() };
        let faults = faults(&split, &[]);
        assert!(faults.iter().all(|fault| fault.contains("/run/secrets")), "{role}: {faults:?}");
    }
}
