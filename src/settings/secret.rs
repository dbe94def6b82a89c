//! Database URLs: the embedded ones, those out of a secret's file, and how they are shown.

use std::{fs, path::Path};

use super::layers::{Layers, Origin, Setting};
use crate::role::Role;

/// Stands where a secret is not shown.
const HIDDEN: &str = "***";

/// Puts the URL that is in force into `database_url` of each module.
pub fn resolve_database_urls(layers: &mut Layers, role: Role) {
    resolve(layers, "product", role.has_product());
    resolve(layers, "order", role.has_order());
}

fn resolve(layers: &mut Layers, module: &str, used: bool) {
    let (url_key, file_key) = (format!("{module}.database_url"), format!("{module}.database_url_file"));
    let url = layers.text(&url_key).to_owned();
    let file = layers.text(&file_key).to_owned();
    match (url.is_empty(), file.is_empty()) {
        (true, true) => {
            let url = embedded_url(Path::new(layers.text("data_dir")), module);
            let origin = layers.origin("data_dir");
            layers.set(&url_key, Setting::Text(url), origin);
        }
        (false, false) => {
            layers.fault(&file_key, format!("is given together with {url_key}; leave one of them out"))
        }
        // another role's secret is not mounted here
        (true, false) if used => read_secret(layers, &url_key, &file_key, Path::new(&file)),
        (true, false) | (false, true) => {}
    }
}

fn read_secret(layers: &mut Layers, url_key: &str, file_key: &str, file: &Path) {
    match fs::read_to_string(file) {
        Ok(text) if text.trim().is_empty() => {
            layers.fault(file_key, format!("{} is empty; must hold a database URL", file.display()));
        }
        Ok(text) => {
            let url = text.trim_end_matches(['\r', '\n']).to_owned();
            layers.set(url_key, Setting::Text(url), Origin::File(file.to_owned()));
        }
        Err(error) => layers.fault(file_key, format!("cannot read {}: {error}", file.display())),
    }
}

/// A file in the data directory, made when it is not there. What a URL would read as something else is escaped.
fn embedded_url(data_dir: &Path, module: &str) -> String {
    let path = data_dir.join(format!("{module}.db")).display().to_string();
    let escaped = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite:{escaped}?mode=rwc")
}

/// A URL without its password.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // a path has no password; anything else that has no scheme may be one
        let shown = url.is_empty() || url.starts_with("sqlite:");
        return if shown { url.to_owned() } else { HIDDEN.to_owned() };
    };
    // The last '@': a password with a reserved character in it is not to be shown either.
    let shown = match rest.rsplit_once('@') {
        Some((user, place)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{place}"),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    format!("{scheme}://{}", without_password_parameter(&shown))
}

/// PostgreSQL's URLs may carry the password as a parameter, too.
fn without_password_parameter(rest: &str) -> String {
    let Some((place, query)) = rest.split_once('?') else {
        return rest.to_owned();
    };
    let parameters: Vec<String> = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => {
                format!("{name}={HIDDEN}")
            }
            _ => parameter.to_owned(),
        })
        .collect();
    format!("{place}?{}", parameters.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_urls_without_their_passwords() {
        for (url, shown) in [
            ("", ""),
            ("sqlite:./data/product.db?mode=rwc", "sqlite:./data/product.db?mode=rwc"),
            ("postgres://db/product", "postgres://db/product"),
            ("postgres://pos@db/product", "postgres://pos@db/product"),
            ("postgres://pos:secret@db:5432/product", "postgres://pos:***@db:5432/product"),
            ("postgres://pos:se:c/r@et@db/product", "postgres://pos:***@db/product"),
            ("postgres://db/p?user=pos&password=secret", "postgres://db/p?user=pos&password=***"),
            ("secret", "***"),
        ] {
            assert_eq!(without_password(url), shown, "{url}");
        }
    }

    #[test]
    fn an_odd_directory_is_escaped() {
        assert_eq!(embedded_url(Path::new("/a?b%"), "order"), "sqlite:/a%3Fb%25/order.db?mode=rwc");
    }
}
