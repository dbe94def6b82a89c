//! `pos import products` and `pos export products`, beside a shop that runs.

mod export;
mod import;
mod interrupted;

use std::{fs, path::PathBuf, process::Output};

use crate::support::{
    audit::audit,
    directory::Directory,
    engine::{Databases, Engine},
    process::command,
    shop::Running,
};

/// A shop that runs, and a place for files.
struct Rig {
    shop: Running,
    directory: Directory,
}

/// What a command told: its exit code, its table, and its lines on standard error.
struct Told {
    code: i32,
    /// made, changed, unchanged, faulty
    counts: [u64; 4],
    faults: Vec<String>,
}

impl Rig {
    async fn start(engine: Engine) -> Self {
        Self { shop: Running::all(Databases::migrated(engine).await).await, directory: Directory::fresh() }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Imports a file with this content.
    fn import(&self, content: impl AsRef<[u8]>, flags: &[&str]) -> Told {
        let path = self.file("in.csv", content);
        let arguments = [&["import", "products", path.to_str().unwrap()], flags].concat();
        told(&self.run(&arguments))
    }

    fn export(&self) -> String {
        let output = self.run(&["export", "products"]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        command(arguments, &self.shop.databases().settings()).output().unwrap()
    }

    /// Every invariant of ledger and stock.
    async fn audit(&self) {
        let databases = self.shop.databases();
        audit(&databases.product_url, &databases.order_url).await;
    }
}

#[track_caller]
fn told(output: &Output) -> Told {
    let (table, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let counts: Vec<u64> =
        table.lines().take(4).filter_map(|line| line.split_whitespace().last()?.parse().ok()).collect();
    let counts = counts.try_into().unwrap_or_else(|_| panic!("no table: {table}{errors}"));
    let code = output.status.code().unwrap();
    Told { code, counts, faults: errors.lines().map(str::to_owned).collect() }
}

/// So many products, each with an SKU, a barcode and a stock of its own.
fn many(count: usize, price: &str) -> String {
    let line = |number| format!("S-{number},Product {number},{price},{:013},{}\n", number, number % 7);
    "sku,name,price,barcode,stock\n".to_owned() + &(0..count).map(line).collect::<String>()
}
