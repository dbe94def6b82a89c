//! How soon products are found in a large catalogue, by one client, on both databases.

use std::{fmt, net::SocketAddr, sync::Arc};

use super::{Bench, grown::Stores, rounds::Rounds};
use crate::{
    ground::{All, Split, pages},
    load::{Outcome, Work, closed_loop},
    report::{Goal, Report, Section, Spread},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Id,
    Sku,
    Barcode,
    RareWord,
    MiddlingWord,
    CommonWord,
    NextPage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Database {
    Sqlite,
    Postgres,
}

const KINDS: [Kind; 7] = [
    Kind::Id,
    Kind::Sku,
    Kind::Barcode,
    Kind::RareWord,
    Kind::MiddlingWord,
    Kind::CommonWord,
    Kind::NextPage,
];
/// Different ones of each kind, among which each request draws.
const PATHS: usize = 1000;
/// Each is found by walking there, once.
const PAGES: usize = 50;
/// Those of every name.
const COMMON_WORDS: [&str; 4] = ["product", "number", "of", "shelf"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    database: Database,
    kind: Kind,
}

pub async fn measure(bench: &Bench<'_>, stores: &Stores, report: &mut Report) -> anyhow::Result<()> {
    let (options, ground) = (bench.options, bench.ground);
    let sqlite = All::start(ground, &stores.sqlite, PATHS).await?;
    let postgres = Split::start(ground, &stores.databases, PATHS).await?;
    let service = |database| match database {
        Database::Sqlite => sqlite.service.at,
        Database::Postgres => postgres.product.at,
    };
    let mut questions = Vec::new();
    for kind in KINDS {
        questions.extend([Database::Sqlite, Database::Postgres].map(|database| Question { database, kind }));
    }
    let mut paths = std::collections::BTreeMap::new();
    for question in &questions {
        let of_kind = question.kind.paths(options.grown_products, service(question.database)).await?;
        paths.insert(*question, Work::Paths(of_kind));
    }
    let measured = Rounds::run(options, &questions, async |question: Question| {
        closed_loop(service(question.database), &paths[&question], 1, options.round()).await
    })
    .await?;
    let mut section = Section::new(
        "Finding a product among many",
        &format!(
            "One client, {} products, 50 a page. The last word asked for may go on: a rare one begins a word of one \
             to a few names, a middling one of two in a thousand, a common one of all.",
            options.grown_products
        ),
        &["what", "SQLite p50 ms", "p99 ms", "PostgreSQL p50 ms", "p99 ms"],
    );
    for kind in KINDS {
        let show = |database, share| {
            measured.figure(Question { database, kind }, |run: &Outcome| run.within_ms(share)).show(2)
        };
        section.row(&[
            kind.to_string(),
            show(Database::Sqlite, 0.5),
            show(Database::Sqlite, 0.99),
            show(Database::Postgres, 0.5),
            show(Database::Postgres, 0.99),
        ]);
    }
    report.section(section);
    measured.note_failures(report);
    for (goal, database) in
        [(Goal::CatalogueSqlite, Database::Sqlite), (Goal::CataloguePostgres, Database::Postgres)]
    {
        let worst = |round: usize| {
            let p99 =
                KINDS.iter().filter_map(|kind| measured.of(Question { database, kind: *kind }).get(round));
            // the worst of all is none that was answered: NaN
            p99.map(|run| run.within_ms(0.99)).max_by(f64::total_cmp).unwrap_or(f64::NAN)
        };
        report.goal(goal, Spread::of((0..options.rounds).map(worst)));
    }
    Ok(())
}

impl Kind {
    /// As `bench/seed` names products.
    async fn paths(self, products: usize, service: SocketAddr) -> anyhow::Result<Arc<[String]>> {
        let any = |path: fn(usize) -> String| (0..PATHS).map(|_| path(fastrand::usize(..products))).collect();
        Ok(match self {
            Self::Id => {
                let ids = crate::ground::ids(service, PATHS).await?;
                ids.iter().map(|id| format!("/products/{id}")).collect()
            }
            Self::Sku => any(|number| format!("/products?sku=SKU-{number:07}")),
            Self::Barcode => {
                any(|number| format!("/products?barcode={}", 4_000_000_000_000_u64 + number as u64))
            }
            Self::RareWord => any(|number| format!("/products?search={}", number.max(1000))),
            Self::MiddlingWord => any(|number| format!("/products?search={}", 100 + number % 897)),
            Self::CommonWord => COMMON_WORDS.map(|word| format!("/products?search={word}")).into(),
            Self::NextPage => pages(service, products, PAGES).await?,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Id => "by its id",
            Self::Sku => "by SKU",
            Self::Barcode => "by barcode",
            Self::RareWord => "a rare word",
            Self::MiddlingWord => "a middling word",
            Self::CommonWord => "a common word",
            Self::NextPage => "the next page",
        })
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = match self.database {
            Database::Sqlite => "SQLite",
            Database::Postgres => "PostgreSQL",
        };
        write!(formatter, "{} on {database}", self.kind)
    }
}
