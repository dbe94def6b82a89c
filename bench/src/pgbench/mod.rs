//! The baseline: pgbench with statements of our own on the same server, with prepared statements and uuid keys.
//!
//! A sale is three transactions of one statement each, as services would do them: the order with its lines; stock,
//! ledger and decision; the order's status. `lean` has the least that a sale needs, `full` every row, column, index and
//! CHECK that ours writes: its tables are made from ours.

mod log;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use log::{LEAD_IN, Log};
use torture::process::Program;

use crate::{
    ground::{Ground, Postgres, SplitDatabases, program},
    load::{Outcome, children_cpu},
};

const DATABASE: &str = "baseline";
/// Who meets a deadlock begins again from the first statement, with the order that it has inserted: hence DO NOTHING there.
const TRIES: &str = "--max-tries=10";
const THREADS: usize = 2;
const MOST_CLIENTS: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    LeanSale,
    FullSale,
    /// A product by its primary key.
    Select,
}

pub struct Pgbench<'a> {
    ground: &'a Ground,
    postgres: &'a Postgres,
    products: usize,
}

impl Script {
    const fn text(self) -> &'static str {
        match self {
            Self::LeanSale => include_str!("lean_sale.sql"),
            Self::FullSale => include_str!("full_sale.sql"),
            Self::Select => "SELECT * FROM full_product.products WHERE id = product_id(:first);\n",
        }
    }

    /// With what each run draws anew; with a hot product the first of the three is always the same one. Ids begin with the time, as
    /// those of our orders do.
    fn with_draws(self, is_hot: bool) -> String {
        let any = "random(1, :products)";
        if self == Self::Select {
            return format!("\\set first {any}\n{}", self.text());
        }
        let first = if is_hot { "1" } else { any };
        format!(
            "\\set sale :sale + 1\n\\set high :sale * {MOST_CLIENTS} + :client_id\n\\set low random(1, 9223372036854775807)\n\
             \\set first {first}\n\\set second {any}\n\\set third {any}\n{}",
            self.text()
        )
    }
}

impl<'a> Pgbench<'a> {
    /// Makes the tables, with so many products; those of `full` as they stand in the databases of a shop.
    pub async fn prepare(
        ground: &'a Ground,
        postgres: &'a Postgres,
        like: &SplitDatabases,
        products: usize,
    ) -> anyhow::Result<Self> {
        let pgbench = Self { ground, postgres, products };
        if postgres.database(DATABASE).await? {
            postgres.execute(DATABASE, include_str!("lean_schema.sql").to_owned()).await?;
            for (schema, url) in [("full_product", &like.product), ("full_order", &like.order)] {
                postgres.execute(DATABASE, schema_of(url, schema)?).await?;
            }
            postgres.execute(DATABASE, rows(products)).await?;
            postgres.execute(DATABASE, "VACUUM ANALYZE".to_owned()).await?;
        }
        Ok(pgbench)
    }

    /// What ends within so long, once all clients have run for a while.
    ///
    /// # Errors
    /// When pgbench fails, or a client of it does.
    pub fn run(
        &self,
        script: Script,
        is_hot: bool,
        clients: usize,
        lasting: Duration,
    ) -> anyhow::Result<Outcome> {
        let file = self.ground.directory.join("script.sql");
        fs::write(&file, script.with_draws(is_hot))?;
        let logs = self.ground.directory.join("transactions");
        let arguments = [
            "-n".to_owned(),
            "-M".to_owned(),
            "prepared".to_owned(),
            "-l".to_owned(),
            format!("--log-prefix={}", logs.display()),
            TRIES.to_owned(),
            format!("-Dproducts={}", self.products),
            format!("-Dsale={}", chrono::Utc::now().timestamp_millis()),
            format!("-f{}", file.display()),
            format!("-c{clients}"),
            format!("-j{}", clients.min(THREADS)),
            format!("-T{}", (opening(clients) + LEAD_IN + lasting).as_secs_f64().ceil()),
            self.postgres.url(DATABASE),
        ];
        let mut command = self.program(&arguments)?.command();
        let cpu = children_cpu();
        let output = tokio::task::block_in_place(|| command.stdin(Stdio::null()).output())?;
        let complained = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "pgbench: {} {complained}", output.status);
        let cpu = children_cpu().saturating_sub(cpu);
        Ok(Log::parse(&self.take_logs()?)?.outcome(lasting, cpu))
    }

    fn program(&self, arguments: &[String]) -> anyhow::Result<Program> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Ok(self.ground.program(&program("pgbench")?, "pgbench", &arguments, &[]))
    }

    /// One of each thread, put together.
    fn take_logs(&self) -> anyhow::Result<String> {
        let files = fs::read_dir(&self.ground.directory)?.flatten().map(|entry| entry.path());
        let is_log = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("transactions."))
        };
        let mut logs = String::new();
        for file in files.filter(is_log) {
            logs.push_str(&fs::read_to_string(&file)?);
            fs::remove_file(file)?;
        }
        Ok(logs)
    }
}

/// What its time is to be longer, since opening connections takes a part of it.
fn opening(clients: usize) -> Duration {
    Duration::from_millis(500 + 10 * clients as u64)
}

/// The tables of a database in another schema.
fn schema_of(url: &str, schema: &str) -> anyhow::Result<String> {
    let arguments = ["--schema-only", "--no-owner", "--no-privileges", "-d", url];
    let output = Command::new(program("pg_dump")?).args(arguments).output()?;
    anyhow::ensure!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
    let dump = String::from_utf8(output.stdout)?.replace("public.", &format!("{schema}."));
    // lines that begin with a backslash are psql's
    let statements = dump.lines().filter(|line| !line.starts_with('\\'));
    Ok(format!("CREATE SCHEMA {schema};\n{}", statements.collect::<Vec<_>>().join("\n")))
}

fn rows(products: usize) -> String {
    format!(
        "INSERT INTO lean_product.stock SELECT product_id(number), 1000000000, 0
         FROM generate_series(1, {products}) number;
         INSERT INTO full_product.products (id, name, price_minor, sku, archived, version, created_at, updated_at)
         SELECT product_id(number), 'Product number ' || number, 250, 'SKU-' || lpad(number::text, 7, '0'), false, 1,
           now(), now()
         FROM generate_series(1, {products}) number;
         INSERT INTO full_product.stock (product_id, policy, quantity_milli, seq)
         SELECT product_id(number), 'deny', 1000000000000, 0 FROM generate_series(1, {products}) number;"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_is_three_statements() {
        for script in [Script::LeanSale, Script::FullSale] {
            assert_eq!(script.text().matches(';').count(), 3);
        }
    }
}
