//! What a database must agree with its program on for ever, written at its first start.

use sea_orm::{
    DbErr, EntityTrait, Set,
    sea_query::{ColumnDef, Table},
};
use sea_orm_migration::SchemaManager;

use super::{connect::Database, error::StoreError};

/// A name and the value that the program is configured with.
pub struct Fact {
    pub name: &'static str,
    pub value: String,
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "facts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub value: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Creates the table; for a module's first migration.
///
/// # Errors
/// When the database refuses.
pub async fn create_facts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table(row::Entity)
        .col(ColumnDef::new(row::Column::Name).text().not_null().primary_key())
        .col(ColumnDef::new(row::Column::Value).text().not_null())
        .take();
    manager.create_table(table).await
}

/// The fact asked for, and the value that stands; none where it was never written.
pub type Differing = (Fact, Option<String>);

/// Writes the facts that are missing and compares the others. Answers the first that differs.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn pin_facts(database: &Database, facts: Vec<Fact>) -> Result<Option<Differing>, StoreError> {
    for fact in facts {
        let row = row::ActiveModel { name: Set(fact.name.to_owned()), value: Set(fact.value.clone()) };
        row::Entity::insert(row)
            .on_conflict_do_nothing_on([row::Column::Name])
            .exec_without_returning(database.writer())
            .await?;
        if let Some(stands) = other_value(database, &fact).await? {
            return Ok(Some((fact, stands)));
        }
    }
    Ok(None)
}

/// The same, and writes nothing: a fact that is missing differs.
///
/// # Errors
/// When the database cannot be read.
pub async fn compare_facts(database: &Database, facts: Vec<Fact>) -> Result<Option<Differing>, StoreError> {
    for fact in facts {
        if let Some(stands) = other_value(database, &fact).await? {
            return Ok(Some((fact, stands)));
        }
    }
    Ok(None)
}

/// What stands, where it is not the fact.
async fn other_value(database: &Database, fact: &Fact) -> Result<Option<Option<String>>, StoreError> {
    let stands = row::Entity::find_by_id(fact.name).one(database.reader()).await?.map(|row| row.value);
    Ok((stands.as_ref() != Some(&fact.value)).then_some(stands))
}
