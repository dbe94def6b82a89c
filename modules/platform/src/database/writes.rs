//! Changes that are written together: by one statement on PostgreSQL, which saves the others' ways there and back; one after
//! the other on SQLite, which is in the same process.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{
    error::StoreError,
    rows::{Rows, Sent, Table},
};

/// Changes of different tables, none of which reads what another writes: PostgreSQL makes them in an order of its own.
pub struct Writes {
    sent: Sent,
    /// As PostgreSQL's `WITH` takes them.
    parts: Vec<String>,
    /// For SQLite.
    statements: Vec<Statement>,
}

impl Writes {
    /// None yet, to this database.
    pub fn to(backend: DbBackend) -> Self {
        Self { sent: Sent::to(backend), parts: Vec::new(), statements: Vec::new() }
    }

    /// Inserts rows into a table that has their columns.
    pub fn insert(&mut self, table: &str, rows: Rows) {
        let names = rows.names();
        self.add(rows, |sent| format!("INSERT INTO {table} ({names}) SELECT {names} FROM {sent} AS sent"));
    }

    /// A change whose text `text` makes of the rows as a table; nothing where there are none.
    pub fn add(&mut self, rows: Rows, text: impl FnOnce(&Table) -> String) {
        if rows.is_empty() {
            return;
        }
        match self.sent.backend() {
            DbBackend::Postgres => {
                let table = self.sent.table(rows);
                self.parts.push(format!("part_{} AS ({})", self.parts.len(), text(&table)));
            }
            backend => self.statements.push(rows.statement(backend, text)),
        }
    }

    /// To be run in their order; none where there is nothing to write.
    pub fn into_statements(self) -> Vec<Statement> {
        let joined = format!("WITH {} SELECT 1", self.parts.join(", "));
        let as_one = (!self.parts.is_empty()).then(|| self.sent.statement(joined));
        self.statements.into_iter().chain(as_one).collect()
    }

    /// Writes them in a transaction.
    ///
    /// # Errors
    /// When the database fails; then the transaction has to be rolled back.
    pub async fn execute(self, transaction: &impl ConnectionTrait) -> Result<(), StoreError> {
        for statement in self.into_statements() {
            transaction.execute_raw(statement).await?;
        }
        Ok(())
    }
}
