//! Room in the pages of `stock` for the next level of a product beside the last one. PostgreSQL writes each level as a new
//! row; where that fits into the page of the old one no index changes (a heap-only tuple). Where a table was filled at one go, as by an
//! import, each page was full, and its first sale wrote three more: another of the table, and one of each of two indexes. What
//! is in full pages already makes room as it is sold, or by `VACUUM FULL stock`.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
};

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261129_000001_room_for_levels"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            let room = "ALTER TABLE stock SET (fillfactor = 80)";
            manager.get_connection().execute_unprepared(room).await?;
        }
        Ok(())
    }
}
