//! Products, stock, ledger and decisions, with the CHECKs behind the invariants.

use platform::database::{create_facts, remembered};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
    sea_query::{ColumnDef, Expr, ForeignKey, Index, Table, TableCreateStatement},
};

use crate::entity::{deduction, deduction_line, movement, product, stock};

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000001_catalogue_and_stock"
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
        let backend = manager.get_database_backend();
        for table in [products(), stock_on_hand(), deductions(), deduction_lines(backend), movements()] {
            manager.create_table(table).await?;
        }
        for unique in ["sku", "barcode"] {
            let index =
                format!("CREATE UNIQUE INDEX products_{unique} ON products ({unique}) WHERE NOT archived");
            manager.get_connection().execute_unprepared(&index).await?;
        }
        let by_category = Index::create()
            .name("products_by_category")
            .table(product::Entity)
            .col(product::Column::Category)
            .col(product::Column::Id)
            .take();
        manager.create_index(by_category).await?;
        // I3: an order takes a product's stock once
        let once = "CREATE UNIQUE INDEX movements_once_an_order ON movements (order_id, product_id) WHERE order_id IS NOT NULL";
        manager.get_connection().execute_unprepared(once).await?;
        Ok(())
    }
}

fn products() -> TableCreateStatement {
    use product::Column::*;
    Table::create()
        .table(product::Entity)
        .col(ColumnDef::new(Id).uuid().not_null().primary_key())
        .col(ColumnDef::new(Name).text().not_null())
        .col(ColumnDef::new(PriceMinor).big_integer().not_null())
        .col(ColumnDef::new(Sku).text())
        .col(ColumnDef::new(Barcode).text())
        .col(ColumnDef::new(Category).text())
        // the two of them were moved later
        .col(ColumnDef::new("reorder_level_milli").big_integer())
        .col(ColumnDef::new("search_words").text().not_null())
        .col(ColumnDef::new(Archived).boolean().not_null())
        .col(ColumnDef::new(Version).big_integer().not_null())
        .col(ColumnDef::new(CreatedAt).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(UpdatedAt).timestamp_with_time_zone().not_null())
        .check(("products_price", Expr::cust("price_minor BETWEEN 0 AND 100000000000")))
        .check(("products_version", Expr::cust("version >= 1")))
        .take()
}

fn stock_on_hand() -> TableCreateStatement {
    use stock::Column::*;
    Table::create()
        .table(stock::Entity)
        .col(ColumnDef::new(ProductId).uuid().not_null().primary_key())
        .col(ColumnDef::new(Policy).text().not_null())
        .col(ColumnDef::new(QuantityMilli).big_integer().not_null())
        .col(ColumnDef::new(Seq).big_integer().not_null())
        .foreign_key(
            ForeignKey::create().from(stock::Entity, ProductId).to(product::Entity, product::Column::Id),
        )
        .check(("stock_policy", Expr::cust("policy IN ('deny', 'allow', 'flag', 'untracked')")))
        // I1
        .check(("stock_floor", Expr::cust("policy <> 'deny' OR quantity_milli >= 0")))
        .check(("stock_range", Expr::cust("quantity_milli BETWEEN -1000000000000000 AND 1000000000000000")))
        .check(("stock_seq", Expr::cust("seq >= 0")))
        .take()
}

fn deductions() -> TableCreateStatement {
    use deduction::Column::*;
    Table::create()
        .table(deduction::Entity)
        .col(ColumnDef::new(OrderId).uuid().not_null().primary_key())
        .col(ColumnDef::new(Outcome).text().not_null())
        .col(ColumnDef::new(RequestHash).blob())
        .col(ColumnDef::new(TotalMinor).big_integer())
        .col(ColumnDef::new(Cause).text())
        .col(ColumnDef::new(Refusals).text())
        .col(ColumnDef::new(DecidedAt).timestamp_with_time_zone().not_null())
        .check((
            "deductions_outcome",
            Expr::cust(
                "(outcome = 'held' AND request_hash IS NOT NULL AND total_minor IS NOT NULL AND total_minor >= 0 AND cause IS NULL AND refusals IS NULL) \
                 OR (outcome = 'refused' AND total_minor IS NULL AND refusals IS NOT NULL \
                 AND cause IN ('lines', 'total_out_of_range', 'given_up') AND cause IS NOT NULL)",
            ),
        ))
        .take()
}

fn deduction_lines(backend: DbBackend) -> TableCreateStatement {
    use deduction_line::Column::*;
    // I8. Half away from zero; SQLite has no numeric type, so there it is checked as far as 64 bits reach.
    let total_follows = match backend {
        DbBackend::Postgres => "total_minor = round(unit_price_minor::numeric * quantity_milli / 1000)",
        _ => {
            "unit_price_minor > 9000000000 OR total_minor = (unit_price_minor * quantity_milli + 500) / 1000"
        }
    };
    Table::create()
        .table(deduction_line::Entity)
        .col(ColumnDef::new(OrderId).uuid().not_null())
        .col(ColumnDef::new(LineNo).integer().not_null())
        .col(ColumnDef::new(ProductId).uuid().not_null())
        .col(ColumnDef::new(Name).text().not_null())
        .col(ColumnDef::new(Sku).text())
        .col(ColumnDef::new(QuantityMilli).big_integer().not_null())
        .col(ColumnDef::new(UnitPriceMinor).big_integer().not_null())
        .col(ColumnDef::new(TotalMinor).big_integer().not_null())
        .col(ColumnDef::new(Flagged).boolean().not_null())
        .col(ColumnDef::new(Tracked).boolean().not_null())
        .primary_key(Index::create().col(OrderId).col(LineNo))
        .foreign_key(
            ForeignKey::create()
                .from(deduction_line::Entity, OrderId)
                .to(deduction::Entity, deduction::Column::OrderId),
        )
        .check(("deduction_lines_quantity", Expr::cust("quantity_milli BETWEEN 1 AND 1000000000")))
        .check(("deduction_lines_price", Expr::cust("unit_price_minor BETWEEN 0 AND 100000000000")))
        .check(("deduction_lines_total", Expr::cust(total_follows)))
        .take()
}

fn movements() -> TableCreateStatement {
    use movement::Column::*;
    Table::create()
        .table(movement::Entity)
        .col(ColumnDef::new(ProductId).uuid().not_null())
        .col(ColumnDef::new(Seq).big_integer().not_null())
        .col(ColumnDef::new(Reason).text().not_null())
        .col(ColumnDef::new(QuantityMilli).big_integer().not_null())
        .col(ColumnDef::new(BeforeMilli).big_integer().not_null())
        .col(ColumnDef::new(AfterMilli).big_integer().not_null())
        .col(ColumnDef::new(OrderId).uuid())
        .col(ColumnDef::new(Note).text())
        .col(ColumnDef::new(At).timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col(ProductId).col(Seq))
        .foreign_key(
            ForeignKey::create()
                .from(movement::Entity, ProductId)
                .to(stock::Entity, stock::Column::ProductId),
        )
        // I4
        .foreign_key(
            ForeignKey::create()
                .from(movement::Entity, OrderId)
                .to(deduction::Entity, deduction::Column::OrderId),
        )
        .check((
            "movements_reason",
            Expr::cust("reason IN ('sale', 'deduct', 'receive', 'waste', 'correct', 'count', 'opening')"),
        ))
        .check(("movements_sale", Expr::cust("(reason = 'sale') = (order_id IS NOT NULL)")))
        // I2
        .check(("movements_step", Expr::cust("after_milli = before_milli + quantity_milli")))
        .check(("movements_seq", Expr::cust("seq >= 1")))
        .take()
}
