//! Arrows between layers, as the sources tell them.

use super::sources::{Source, sources};

/// Where the database's library may be named: the layers of every module, and parts of single files.
const DATABASE_LAYERS: [&str; 3] = ["store", "entity", "migration"];

/// Layer of a module → the sibling layers that it must not name.
const MUST_NOT_NAME: [(&str, &[&str]); 6] = [
    ("http", &["sheet", "store", "entity", "migration"]),
    ("sheet", &["http", "store", "entity", "migration"]),
    ("service", &["http", "sheet", "entity", "migration"]),
    ("store", &["http", "sheet", "service", "migration"]),
    ("entity", &["http", "sheet", "service", "store", "migration"]),
    ("model", &["http", "sheet", "service", "store", "entity", "migration"]),
];

/// Tables, which the other module must not name in SQL or entities.
const PRODUCT_TABLES: [&str; 5] = ["products", "stock", "movements", "deductions", "deduction_lines"];
const ORDER_TABLES: [&str; 2] = ["orders", "order_lines"];

fn assert_none(rule: &str, broken: Vec<String>) {
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

fn paths<'a>(sources: impl Iterator<Item = &'a Source>) -> Vec<String> {
    sources.map(|source| source.path.clone()).collect()
}

/// A module's own tests may reach for its database, and serve what it calls.
fn is_test(source: &Source) -> bool {
    source.path.ends_with("/tests.rs") || source.path.contains("/tests/")
}

#[test]
fn the_database_is_named_in_store_entity_migration_and_platform_alone() {
    let sources = sources();
    let allowed = |source: &Source| {
        source.path.starts_with("modules/platform/src/database/")
            || DATABASE_LAYERS.iter().any(|layer| source.is_in_layer(layer))
            || is_test(source)
    };
    for library in ["sea_orm", "sea_orm_migration", "sqlx", "tokio_postgres", "deadpool_postgres"] {
        let broken = paths(sources.iter().filter(|source| source.names(library) && !allowed(source)));
        assert_none(&format!("{library} must not be named in"), broken);
    }
}

#[test]
fn the_server_is_named_in_http_the_edge_platform_and_the_root_alone() {
    let sources = sources();
    let allowed = |source: &Source| {
        source.is_in_layer("http") || source.is_of("gateway") || source.path.starts_with("src/")
    };
    for library in ["actix_web", "utoipa_actix_web"] {
        let broken = paths(
            sources.iter().filter(|source| source.names(library) && !allowed(source) && !is_test(source)),
        );
        assert_none(&format!("{library} must not be named in"), broken);
    }
}

#[test]
fn layers_name_only_those_below_them() {
    let mut broken = Vec::new();
    for source in sources() {
        for (layer, forbidden) in MUST_NOT_NAME {
            // platform is no module with layers: its http serves everybody's
            if !source.is_in_layer(layer) || source.is_of("platform") {
                continue;
            }
            let named = forbidden.iter().filter(|name| {
                source.code.contains(&format!("crate::{name}")) || names_sibling(&source, name)
            });
            broken.extend(named.map(|name| format!("{} names {name}", source.path)));
        }
    }
    assert_none("a layer names one that it must not know", broken);
}

/// In `use crate::{…}` or as `crate::NAME`, not a library's module of the same name.
fn names_sibling(source: &Source, name: &str) -> bool {
    let uses = source.code.split("use crate::{").skip(1).filter_map(|rest| rest.split(';').next());
    let mut siblings =
        uses.flat_map(|list| list.split(|character: char| !character.is_alphanumeric() && character != '_'));
    siblings.any(|word| word == name)
}

#[test]
fn product_and_order_name_neither_each_other_nor_each_others_tables() {
    let sources = sources();
    for (module, other, tables) in
        [("product", "order", &ORDER_TABLES[..]), ("order", "product", &PRODUCT_TABLES[..])]
    {
        let of_module = || sources.iter().filter(|source| source.is_of(module));
        let as_crate = format!("use {other}::");
        let broken = paths(of_module().filter(|source| source.code.contains(&as_crate)));
        assert_none(&format!("{module} must not name {other}"), broken);
        let in_sql = |source: &&Source| tables.iter().any(|table| names_table(&source.code, table));
        assert_none(&format!("{module} must not name a table of {other}"), paths(of_module().filter(in_sql)));
    }
}

fn names_table(code: &str, table: &str) -> bool {
    let before = ["FROM ", "JOIN ", "INTO ", "UPDATE ", "table_name = \""];
    before.iter().any(|before| {
        code.split(&format!("{before}{table}"))
            .skip(1)
            .any(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
    })
}

#[test]
fn the_root_decides_about_no_sale_and_reads_no_table() {
    let sources = sources();
    let root = || sources.iter().filter(|source| source.path.starts_with("src/"));
    let tables = PRODUCT_TABLES.iter().chain(&ORDER_TABLES);
    let broken = paths(root().filter(|source| tables.clone().any(|table| names_table(&source.code, table))));
    assert_none("the root must not name a table", broken);
}
