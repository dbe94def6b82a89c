//! What makes lists of a large catalogue quick: a table of words, marks of what is low or flagged, an index for each
//! filter. No release had the columns that are dropped here.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{
        ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    },
    sea_query::{ColumnDef, Expr, ForeignKey, Index, Table, TableCreateStatement},
};
use uuid::Uuid;

use crate::{
    entity::{product, product_word},
    store::words,
};

/// Products that are read at once.
const BATCH: u64 = 500;

const MOVES: [&str; 4] = [
    "UPDATE stock SET reorder_level_milli = products.reorder_level_milli, archived = products.archived \
     FROM products WHERE products.id = stock.product_id",
    "DROP INDEX products_by_category",
    "ALTER TABLE products DROP COLUMN reorder_level_milli",
    "ALTER TABLE products DROP COLUMN search_words",
];

/// Table, name, columns and condition of the index behind a filter. Each is made twice, for what is archived and for what
/// is not: a row is in one of the two, and no list reads past rows that it does not show.
const INDEXES: [(&str, &str, &str, &str); 6] = [
    ("products", "by_id", "id", ""),
    ("products", "by_category", "category, id", ""),
    ("stock", "low", "product_id", "low AND "),
    ("stock", "flagged", "product_id", "flagged AND "),
    ("stock", "by_policy", "policy, product_id", ""),
    ("product_words", "by_word", "word, product_id", ""),
];

/// Among what is not archived they are unique, and have an index already.
const ARCHIVED_CODES: [&str; 2] = [
    "CREATE INDEX products_by_sku_archived ON products (sku, id) WHERE archived",
    "CREATE INDEX products_by_barcode_archived ON products (barcode, id) WHERE archived",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261125_000001_words_and_marks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Also on SQLite: a kill in the middle leaves nothing behind.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (backend, connection) = (manager.get_database_backend(), manager.get_connection());
        for statement in columns(backend).iter().map(String::as_str).chain(MOVES) {
            connection.execute_unprepared(statement).await?;
        }
        manager.create_table(words_table(backend)).await?;
        write_words(connection).await?;
        for (table, name, columns, condition) in INDEXES {
            for (half, archived) in [("", "NOT archived"), ("_archived", "archived")] {
                let index = format!(
                    "CREATE INDEX {table}_{name}{half} ON {table} ({columns}) WHERE {condition}{archived}"
                );
                connection.execute_unprepared(&index).await?;
            }
        }
        for index in ARCHIVED_CODES {
            connection.execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// Stored, a mark that stays what it was lets PostgreSQL update stock in place; SQLite cannot add a stored one.
fn columns(backend: DbBackend) -> [String; 4] {
    let kept = match backend {
        DbBackend::Postgres => "STORED",
        _ => "VIRTUAL",
    };
    let low =
        "policy <> 'untracked' AND reorder_level_milli IS NOT NULL AND quantity_milli <= reorder_level_milli";
    let flagged = "policy = 'flag' AND quantity_milli < 0";
    let mark = |name, sum| format!("{name} boolean NOT NULL GENERATED ALWAYS AS ({sum}) {kept}");
    [
        "reorder_level_milli bigint".to_owned(),
        "archived boolean NOT NULL DEFAULT false".to_owned(),
        mark("low", low),
        mark("flagged", flagged),
    ]
    .map(|column| format!("ALTER TABLE stock ADD COLUMN {column}"))
}

fn words_table(backend: DbBackend) -> TableCreateStatement {
    use product_word::Column::*;
    let mut word = ColumnDef::new(Word).text().not_null().take();
    if backend == DbBackend::Postgres {
        // by bytes, as on SQLite: what begins with a prefix is a range
        word.extra("COLLATE \"C\"");
    }
    Table::create()
        .table(product_word::Entity)
        .col(ColumnDef::new(ProductId).uuid().not_null())
        .col(word)
        .col(ColumnDef::new(Archived).boolean().not_null())
        .primary_key(Index::create().col(ProductId).col(Word))
        .foreign_key(
            ForeignKey::create()
                .from(product_word::Entity, ProductId)
                .to(product::Entity, product::Column::Id),
        )
        .check(("product_words_word", Expr::cust("word <> ''")))
        .take()
}

async fn write_words(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    use product::Column::{Archived, Id, Name};
    let mut after = Uuid::nil();
    loop {
        let named: Vec<(Uuid, String, bool)> = product::Entity::find()
            .select_only()
            .columns([Id, Name, Archived])
            .filter(Id.gt(after))
            .order_by_asc(Id)
            .limit(BATCH)
            .into_tuple()
            .all(connection)
            .await?;
        let Some((last, ..)) = named.last() else {
            return Ok(());
        };
        after = *last;
        let named: Vec<_> =
            named.iter().map(|(id, name, archived)| (*id, name.as_str(), *archived)).collect();
        words::insert(connection, &named).await?;
    }
}
