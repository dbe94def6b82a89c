//! Orders and their lines, with the CHECKs behind the invariants.

use platform::database::{create_facts, remembered};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
    sea_query::{ColumnDef, Expr, ForeignKey, Index, Table, TableCreateStatement},
};

use crate::entity::{order, order_line};

/// Every column of a state, so that none can be half of another. `IS NOT NULL` beside each comparison: a CHECK lets
/// through what is neither true nor false.
const STATES: &str = "(status = 'pending' AND decided_at IS NULL AND next_try_at IS NOT NULL \
     AND total_minor IS NULL AND cause IS NULL AND refusals IS NULL) \
     OR (status = 'confirmed' AND decided_at IS NOT NULL AND next_try_at IS NULL \
     AND request IS NOT NULL AND total_minor IS NOT NULL AND total_minor >= 0 AND cause IS NULL AND refusals IS NULL) \
     OR (status = 'rejected' AND decided_at IS NOT NULL AND next_try_at IS NULL \
     AND request IS NOT NULL AND total_minor IS NULL AND refusals IS NOT NULL \
     AND cause IS NOT NULL AND cause IN ('lines', 'total_out_of_range')) \
     OR (status = 'cancelled' AND decided_at IS NOT NULL AND next_try_at IS NULL \
     AND total_minor IS NULL AND refusals IS NOT NULL AND cause IS NOT NULL AND cause = 'given_up')";

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000001_orders"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Also on SQLite: a kill in the middle leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_facts(manager).await?;
        remembered::create_table(manager).await?;
        manager.create_table(orders()).await?;
        manager.create_table(order_lines(manager.get_database_backend())).await?;
        // the sweeper's: as small as what is pending
        let due = "CREATE INDEX orders_due ON orders (next_try_at) WHERE status = 'pending'";
        manager.get_connection().execute_unprepared(due).await?;
        use order::Column::{CreatedAt, Id, Status};
        let by_time =
            Index::create().name("orders_by_time").table(order::Entity).col(CreatedAt).col(Id).take();
        manager.create_index(by_time).await?;
        let by_status = Index::create()
            .name("orders_by_status")
            .table(order::Entity)
            .col(Status)
            .col(CreatedAt)
            .col(Id)
            .take();
        manager.create_index(by_status).await
    }
}

fn orders() -> TableCreateStatement {
    use order::Column::*;
    Table::create()
        .table(order::Entity)
        .col(ColumnDef::new(Id).uuid().not_null().primary_key())
        .col(ColumnDef::new(Key).text().not_null().unique_key())
        .col(ColumnDef::new(RequestHash).blob())
        .col(ColumnDef::new(Request).text())
        .col(ColumnDef::new(Status).text().not_null())
        .col(ColumnDef::new(Cause).text())
        .col(ColumnDef::new(Refusals).text())
        .col(ColumnDef::new(TotalMinor).big_integer())
        .col(ColumnDef::new(CreatedAt).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(DecidedAt).timestamp_with_time_zone())
        .col(ColumnDef::new(DecideBy).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(NextTryAt).timestamp_with_time_zone())
        .col(ColumnDef::new(Tries).integer().not_null())
        .check(("orders_status", Expr::cust("status IN ('pending', 'confirmed', 'rejected', 'cancelled')")))
        .check(("orders_state", Expr::cust(STATES)))
        .check(("orders_request", Expr::cust("(request IS NULL) = (request_hash IS NULL)")))
        .check(("orders_hash", Expr::cust("request_hash IS NULL OR length(request_hash) = 32")))
        .check(("orders_tries", Expr::cust("tries >= 0")))
        .take()
}

fn order_lines(backend: DbBackend) -> TableCreateStatement {
    use order_line::Column::*;
    // I8. Half away from zero; SQLite has no numeric type, so there it is checked as far as 64 bits reach.
    let total_follows = match backend {
        DbBackend::Postgres => "total_minor = round(unit_price_minor::numeric * quantity_milli / 1000)",
        _ => {
            "unit_price_minor > 9000000000 OR total_minor = (unit_price_minor * quantity_milli + 500) / 1000"
        }
    };
    Table::create()
        .table(order_line::Entity)
        .col(ColumnDef::new(OrderId).uuid().not_null())
        .col(ColumnDef::new(LineNo).integer().not_null())
        .col(ColumnDef::new(ProductId).uuid().not_null())
        .col(ColumnDef::new(Name).text().not_null())
        .col(ColumnDef::new(Sku).text())
        .col(ColumnDef::new(QuantityMilli).big_integer().not_null())
        .col(ColumnDef::new(UnitPriceMinor).big_integer().not_null())
        .col(ColumnDef::new(TotalMinor).big_integer().not_null())
        .col(ColumnDef::new(Flagged).boolean().not_null())
        .primary_key(Index::create().col(OrderId).col(LineNo))
        .foreign_key(
            ForeignKey::create().from(order_line::Entity, OrderId).to(order::Entity, order::Column::Id),
        )
        .check(("order_lines_quantity", Expr::cust("quantity_milli BETWEEN 1 AND 1000000000")))
        .check(("order_lines_price", Expr::cust("unit_price_minor BETWEEN 0 AND 100000000000")))
        .check(("order_lines_total", Expr::cust(total_follows)))
        .take()
}
