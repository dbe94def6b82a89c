//! `pos migrate`: brings the schemas of a role up to date, and says what it did.

use crate::{settings::Settings, wiring};

/// # Errors
/// When a database cannot be reached or migrated.
pub async fn migrate(settings: &Settings) -> anyhow::Result<String> {
    let done = wiring::migrate(settings).await?;
    Ok(done.into_iter().map(|(name, count)| line(name, count)).collect())
}

fn line(name: &str, count: usize) -> String {
    match count {
        0 => format!("{name}: up to date\n"),
        1 => format!("{name}: 1 migration run\n"),
        count => format!("{name}: {count} migrations run\n"),
    }
}
