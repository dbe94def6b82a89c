//! Both modules on real databases, the same suite on SQLite and PostgreSQL.

mod abandoned;
mod checks;
mod decisions;
mod full_disk;
mod groups;
mod large_catalogue;
mod lookups;
mod piped;
mod plans;
mod together;
mod upgrade;
mod waiting;
