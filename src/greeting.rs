//! What a person reads in the terminal once the shop is up.

use std::fmt;

use crate::settings::{Settings, without_password};

/// The start message.
pub struct Greeting<'a> {
    pub settings: &'a Settings,
    pub base_url: &'a str,
    /// The demo catalogue is in.
    pub demo: bool,
}

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { settings, base_url, .. } = self;
        let role = settings.role;
        writeln!(
            formatter,
            "\npos is up (role {role}, shop \"{}\", {})\n",
            settings.shop.id, settings.shop.currency
        )?;
        writeln!(formatter, "  API    {base_url}")?;
        writeln!(formatter, "  docs   {base_url}/docs/")?;
        for url in settings.database_urls() {
            writeln!(formatter, "  data   {}", place(url))?;
        }
        match (role.has_product(), role.has_order()) {
            (true, true) => self.first_sale(formatter),
            (false, true) => writeln!(formatter, "  asks   {}\n", settings.product_url),
            (false, false) => {
                writeln!(formatter, "  replicas {base_url}/gateway")?;
                self.first_sale(formatter)
            }
            (true, false) => writeln!(formatter),
        }
    }
}

impl Greeting<'_> {
    fn first_sale(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = self.base_url;
        writeln!(formatter, "\nA first sale, to be pasted into another terminal:\n")?;
        match self.demo {
            true => writeln!(formatter, "  id=$(curl -s '{base_url}/products?sku=FW-1' | {FIRST_ID})")?,
            false => {
                // a currency without places takes whole amounts only
                let price = if self.settings.shop.currency.places() == 0 { "380" } else { "3.80" };
                writeln!(
                    formatter,
                    "  id=$(curl -s {base_url}/products -H content-type:application/json -d '{{\"name\":\"Flat white\",\"price\":\"{price}\",\"stock\":40}}' | {FIRST_ID})"
                )?;
            }
        }
        writeln!(
            formatter,
            "  curl -s {base_url}/orders -H content-type:application/json -d '{{\"items\":[{{\"productId\":\"'$id'\",\"quantity\":2}}]}}'\n"
        )
    }
}

/// Takes the first id out of an answer, with what every machine has.
const FIRST_ID: &str = r#"sed 's/.*"id":"\([^"]*\)".*/\1/'"#;

/// A database's URL as a person says it.
fn place(url: &str) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) => path.split('?').next().unwrap_or(path).to_owned(),
        None => without_password(url),
    }
}
