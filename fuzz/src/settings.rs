//! Settings, as the environment gives them.

use std::collections::HashMap;

use pos::{Flags, Role, Settings};

const ROLES: [Role; 4] = [Role::All, Role::Gateway, Role::Product, Role::Order];
/// What stands in the place of a password, and must not be shown.
const SECRET: &str = "s3cr3t-pa55word";

/// Lines of `SECTION__KEY=VALUE`, for the role that their number chooses: they are taken, or every fault is told; what is in
/// force can be shown, and without the password.
pub fn try_settings(text: &str) {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    // no file is read: what it held would not be the input's doing
    let lines = lines.filter(|(key, _)| !key.to_uppercase().contains("_FILE"));
    let mut environment: HashMap<String, String> =
        lines.map(|(key, value)| (format!("POS__{key}"), value.to_owned())).collect();
    let role = ROLES[environment.len() % ROLES.len()];
    let flags = Flags { role: Some(role), ..Flags::default() };
    match Settings::load(&flags, Some(environment.clone())) {
        Ok(settings) => assert!(settings.role == role, "another role is set up"),
        Err(faults) => assert!(!faults.is_empty(), "it is refused without a fault"),
    }
    if text.contains(SECRET) {
        return;
    }
    environment.retain(|key, _| !key.to_uppercase().contains("DATABASE_URL"));
    environment.insert("POS__PRODUCT__DATABASE_URL".into(), format!("postgres://pos:{SECRET}@db/product"));
    let (shown, faults) = Settings::explain(&flags, Some(environment));
    assert!(shown.contains("product.database_url"), "not everything is shown: {shown}");
    assert!(!shown.contains(SECRET), "{shown}");
    assert!(!faults.iter().any(|fault| fault.contains(SECRET)), "{faults:?}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn holds_for_settings_and_for_what_is_none() {
        for text in [
            "",
            "SERVER__LISTEN=0.0.0.0:80\nLOG__LEVEL=info,order=debug\nSHOP__CURRENCY=JPY",
            "SERVER__WORKERS=-1\nSERVER=1\nORDER__SWEEPER=x\n__=\n=",
            "GATEWAY__NAMESERVERS=127.0.0.1:53,[::1]:53\nGATEWAY__TRUSTED_PROXIES=10.0.0.0/8",
            "PRODUCT__DATABASE_URL=postgres://a:b@c/d\nORDER__DATABASE_URL=sqlite:x",
            "ORDER__PRODUCT_URL=http://é:99999/\nSERVER__CORS_ORIGINS=https://a,,x",
        ] {
            super::try_settings(text);
        }
    }
}
