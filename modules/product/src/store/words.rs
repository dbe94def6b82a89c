//! The words of the names: written beside each product, looked up by a search.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, IntoIden, Order, Query, SelectStatement},
};
use uuid::Uuid;

use crate::{
    entity::{
        product,
        product_word::{
            self,
            Column::{ProductId, Word},
        },
    },
    model::search_words,
};

/// Rows of one statement. One statement for many numbers of rows is prepared once; those of an odd number, which the drivers
/// keep as well, stay small.
const ROWS: usize = 500;

/// Products that a word may have and still be the one that is looked up. A word that more have is met soon enough while
/// the catalogue is walked in its order, at this one in a hundred products of a million.
const FEW: u64 = 10_000;

/// Products that a word may have and still be looked up one by one whatever PostgreSQL takes for cheaper. Left to choose, it
/// walks the catalogue for a word that few products have when it takes a page of them for a part of all.
const VERY_FEW: u64 = 1000;

/// Writes the words of new products: id, name, and whether it is archived.
pub async fn insert(connection: &impl ConnectionTrait, products: &[(Uuid, &str, bool)]) -> Result<(), DbErr> {
    let mut rows = Vec::new();
    for (product_id, name, archived) in products {
        rows.extend(words_of(name).into_iter().map(|word| product_word::ActiveModel {
            product_id: Set(*product_id),
            word: Set(word),
            archived: Set(*archived),
        }));
    }
    for rows in rows.chunks(ROWS) {
        product_word::Entity::insert_many(rows.to_vec()).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// Writes the words of products anew where they changed: a price is edited more often than a name.
pub async fn replace_all(
    connection: &impl ConnectionTrait,
    products: &[(Uuid, &str, bool)],
) -> Result<(), DbErr> {
    let ids = products.iter().map(|(id, _, _)| *id);
    let mut stand: HashMap<Uuid, BTreeSet<(String, bool)>> = HashMap::new();
    for row in product_word::Entity::find().filter(ProductId.is_in(ids)).all(connection).await? {
        stand.entry(row.product_id).or_default().insert((row.word, row.archived));
    }
    let is_changed = |(id, name, archived): &(Uuid, &str, bool)| {
        let wanted: BTreeSet<_> = words_of(name).into_iter().map(|word| (word, *archived)).collect();
        stand.get(id).map_or(!wanted.is_empty(), |stand| *stand != wanted)
    };
    let changed: Vec<_> = products.iter().copied().filter(is_changed).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let ids = changed.iter().map(|(id, _, _)| *id);
    product_word::Entity::delete_many().filter(ProductId.is_in(ids)).exec(connection).await?;
    insert(connection, &changed).await
}

fn words_of(name: &str) -> BTreeSet<String> {
    search_words(name).into_iter().collect()
}

/// A search for products after `after`, its last word being a prefix.
pub struct Search<'a> {
    pub words: &'a [String],
    pub archived: bool,
    pub after: Option<Uuid>,
    /// So many are a page, where nothing but words is asked for.
    pub enough: Option<u64>,
}

impl Search<'_> {
    /// What it asks of each product.
    ///
    /// The first word that few products have is looked up, and the others are checked at each of these. SQLite, which does
    /// not count how often a word comes, could not choose so by itself. Of a word by itself no more are taken than a page has:
    /// PostgreSQL would walk the catalogue beside them until it has met so many.
    pub async fn condition(&self, connection: &impl ConnectionTrait) -> Result<Condition, DbErr> {
        let mut terms = terms(self.words);
        let mut condition = Condition::all();
        if let Some((rare, products)) = first_rare(connection, &terms, self.archived).await? {
            let found = with_word(terms.remove(rare), self.archived);
            let is_postgres = connection.get_database_backend() == DbBackend::Postgres;
            condition = condition.add(match self.enough {
                Some(enough) if is_postgres && terms.is_empty() => {
                    among_all_of(first_of(found, self.after, enough))
                }
                _ if is_postgres && products <= VERY_FEW => among_all_of(found),
                _ => among(found),
            });
        }
        Ok(terms.into_iter().fold(condition, |all, term| all.add(checked(term, self.after))))
    }
}

fn terms(words: &[String]) -> Vec<Condition> {
    let is = |word: &String| Condition::all().add(Word.eq(word));
    // a word has letters and digits alone, and so nothing above them
    let begins =
        |word: &String| Condition::all().add(Word.gte(word)).add(Word.lt(format!("{word}{}", char::MAX)));
    let Some((last, whole)) = words.split_last() else {
        return Vec::new();
    };
    whole.iter().map(is).chain([begins(last)]).collect()
}

/// Its place among the terms, and how many products have it.
async fn first_rare(
    connection: &impl ConnectionTrait,
    terms: &[Condition],
    archived: bool,
) -> Result<Option<(usize, u64)>, DbErr> {
    for (place, term) in terms.iter().enumerate() {
        let found = with_word(term.clone(), archived).limit(FEW + 1).take();
        let count = Query::select().expr(Expr::cust("count(*)")).from_subquery(found, "found").take();
        let row = connection.query_one(&count).await?;
        let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        if count.unsigned_abs() <= FEW {
            return Ok(Some((place, count.unsigned_abs())));
        }
    }
    Ok(None)
}

fn among(found: SelectStatement) -> Expr {
    Expr::col((product::Entity, product::Column::Id)).in_subquery(found)
}

/// As an array, which is read whole before anything else: there is no other way left to go.
fn among_all_of(found: SelectStatement) -> Expr {
    let id = Expr::col((product::Entity, product::Column::Id));
    let found = Expr::SubQuery(None, Box::new(found.into()));
    Expr::cust_with_exprs("$1 = ANY (ARRAY $2)", [id, found])
}

fn with_word(term: Condition, archived: bool) -> SelectStatement {
    Query::select()
        .column(ProductId)
        .from(product_word::Entity)
        .cond_where(term.add(is_archived(product_word::Entity, archived)))
        .take()
}

/// `OFFSET 0` parts the look-up from the order: PostgreSQL would walk all words in that order where it expects to meet enough soon.
fn first_of(mut found: SelectStatement, after: Option<Uuid>, enough: u64) -> SelectStatement {
    let found = found.and_where_option(after.map(|after| Expr::col(ProductId).gt(after))).offset(0).take();
    Query::select()
        .distinct()
        .column(ProductId)
        .from_subquery(found, "found")
        .order_by(ProductId, Order::Asc)
        .limit(enough)
        .take()
}

/// That it is after `after` follows, but unless it is said PostgreSQL may merge the words from their beginning.
fn checked(term: Condition, after: Option<Uuid>) -> Expr {
    let of_product =
        Expr::col((product_word::Entity, ProductId)).equals((product::Entity, product::Column::Id));
    let term = term.add(of_product).add_option(after.map(|after| ProductId.gt(after)));
    Expr::exists(Query::select().expr(Expr::val(1)).from(product_word::Entity).cond_where(term).take())
}

/// Spelled out, not a parameter: only so do the databases see that an index of one half serves.
pub fn is_archived(table: impl IntoIden + 'static, archived: bool) -> Expr {
    let column = Expr::col((table.into_iden(), "archived"));
    if archived { column } else { column.not() }
}
