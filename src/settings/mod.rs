//! What is in force: embedded defaults, the role's defaults, files, environment, flags, in this order; checked once.

mod bounds;
mod check;
mod layers;
mod report;
mod secret;

use std::collections::HashMap;

use config::Config;
use contract::Shop;
use gateway::GatewaySettings;
use order::OrderSettings;
use platform::{
    client::ClientSettings,
    settings::{DatabaseSettings, IdempotencySettings, LogSettings, ServerSettings},
};
use serde::de::DeserializeOwned;

use crate::{cli::Flags, role::Role};
use layers::Layers;
pub use secret::without_password;

/// Everything that a process is told.
pub struct Settings {
    pub role: Role,
    pub shop: Shop,
    pub server: ServerSettings,
    pub log: LogSettings,
    pub database: DatabaseSettings,
    pub idempotency: IdempotencySettings,
    pub product_database_url: String,
    pub order_database_url: String,
    pub product_url: String,
    pub product_client: ClientSettings,
    pub order: OrderSettings,
    pub gateway: GatewaySettings,
}

/// Keys of `[order]` that say where things are; the module itself does not know them.
const ORDER_PLACES: [&str; 4] =
    ["order.database_url", "order.database_url_file", "order.product_url", "order.client."];

impl Settings {
    /// Reads and checks everything. `environment` stands in for the process's own, in tests.
    ///
    /// # Errors
    /// Every fault, with its key and its remedy.
    pub fn load(flags: &Flags, environment: Option<HashMap<String, String>>) -> Result<Self, Vec<String>> {
        let role = flags.role.unwrap_or_default();
        let mut layers = Layers::read(role, flags, environment);
        secret::resolve_database_urls(&mut layers, role);
        let shop = check::check(&mut layers, role);
        match (shop, layers.take_faults()) {
            (Some(shop), faults) if faults.is_empty() => {
                Self::build(role, shop, &layers).map_err(|error| vec![error.to_string()])
            }
            (_, faults) => Err(faults),
        }
    }

    /// What would be in force, secrets hidden, and every fault: most wanted when there is one.
    pub fn explain(flags: &Flags, environment: Option<HashMap<String, String>>) -> (String, Vec<String>) {
        let role = flags.role.unwrap_or_default();
        let mut layers = Layers::read(role, flags, environment);
        secret::resolve_database_urls(&mut layers, role);
        check::check(&mut layers, role);
        (report::report(role, &layers), layers.take_faults())
    }

    /// Reads what a health check needs, and checks nothing else: where it runs, other roles' secrets may be missing.
    ///
    /// # Errors
    /// When `[server]` cannot be read.
    pub fn load_server(flags: &Flags) -> Result<ServerSettings, Vec<String>> {
        let layers = Layers::read(flags.role.unwrap_or_default(), flags, None);
        section(&layers, "server", &[]).map_err(|error| vec![error.to_string()])
    }

    fn build(role: Role, shop: Shop, layers: &Layers) -> Result<Self, config::ConfigError> {
        Ok(Self {
            role,
            shop,
            server: section(layers, "server", &[])?,
            log: section(layers, "log", &[])?,
            database: section(layers, "database", &[])?,
            idempotency: section(layers, "idempotency", &[])?,
            product_database_url: layers.text("product.database_url").to_owned(),
            order_database_url: layers.text("order.database_url").to_owned(),
            product_url: layers.text("order.product_url").to_owned(),
            product_client: section(layers, "order.client", &[])?,
            order: section(layers, "order", &ORDER_PLACES)?,
            gateway: section(layers, "gateway", &[])?,
        })
    }

    /// The databases that the role uses.
    pub fn database_urls(&self) -> Vec<&str> {
        let product = self.role.has_product().then_some(self.product_database_url.as_str());
        let order = self.role.has_order().then_some(self.order_database_url.as_str());
        product.into_iter().chain(order).collect()
    }
}

/// The keys under `name`, but for those that start with one of `without`.
fn section<T: DeserializeOwned>(
    layers: &Layers,
    name: &str,
    without: &[&str],
) -> Result<T, config::ConfigError> {
    let under = format!("{name}.");
    let mut builder = Config::builder();
    for (key, entry) in layers.entries() {
        if key.starts_with(&under) && !without.iter().any(|other| key.starts_with(other)) {
            builder = builder.set_override(key, entry.value.clone())?;
        }
    }
    builder.build()?.get(name)
}

#[cfg(test)]
mod tests;
