//! The schema's history. A merged migration is never edited.

use sea_orm_migration::{MigrationTrait, MigratorTrait};

mod m20261124_000001_catalogue_and_stock;
mod m20261125_000001_words_and_marks;
mod m20261129_000001_room_for_levels;

/// The product module's migrations.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_catalogue_and_stock::Migration),
            Box::new(m20261125_000001_words_and_marks::Migration),
            Box::new(m20261129_000001_room_for_levels::Migration),
        ]
    }
}
