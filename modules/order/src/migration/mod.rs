//! The schema's history. A merged migration is never edited.

use sea_orm_migration::{MigrationTrait, MigratorTrait};

mod m20261124_000001_orders;

/// The order module's migrations.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261124_000001_orders::Migration)]
    }
}
