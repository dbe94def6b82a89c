//! What every bad input got, as a page of the documentation.

use std::{collections::BTreeSet, env, fmt::Write, fs, path::PathBuf};

use super::case::{Case, Told};

/// Set, the page is written anew instead of compared.
const REWRITE: &str = "POS_TEST_WRITE";

const HEAD: &str = "\
# What bad input gets

Every public route is given every input below, in one process and split, directly and through the gateway; this page is what
came back, written by the test itself (`tests/it/bad_input`), which fails when it differs. To write it anew after a change:
`POS_TEST_WRITE=1 ./test bad_input`.

But for the last section, each answer is a problem document (`application/problem+json`) whose `errors` name the place in the last column: `pointer` into the
body (empty for the body as a whole), `parameter`, `header` or `path`. Nothing came of any of these requests. Where the
code is 'none', the parser below all routes refuses what it does not take for a request; it answers the bare status and closes the
connection.
";

/// In which order they stand on the page.
const SECTIONS: [&str; 11] = [
    "Method and head",
    "Path",
    "Parameters",
    "Idempotency-Key",
    "If-Match",
    "Bodies",
    "Money",
    "Quantities",
    "Texts",
    "Ids, keys and choices",
    TAKEN,
];

/// What is no bad input after all.
pub const TAKEN: &str = "Taken as it is, and given back byte for byte";

/// More places than these are not listed.
const MOST_PLACES: usize = 6;

/// A line of the table, still without its routes put together.
struct Line {
    section: &'static str,
    input: String,
    scope: &'static str,
    outcome: (u16, String),
    routes: BTreeSet<String>,
    places: BTreeSet<String>,
}

/// Collects what was seen.
#[derive(Default)]
pub struct Table(Vec<Line>);

impl Table {
    pub fn add(&mut self, case: &Case, told: Told) {
        self.add_seen(case.section, &case.input, case.scope, case.route.clone(), told);
    }

    pub fn add_seen(
        &mut self,
        section: &'static str,
        input: &str,
        scope: &'static str,
        route: String,
        told: Told,
    ) {
        let outcome = (told.status, told.code);
        let same = |line: &&mut Line| {
            (line.section, line.input.as_str(), line.scope, &line.outcome)
                == (section, input, scope, &outcome)
        };
        match self.0.iter_mut().find(same) {
            Some(line) => {
                line.routes.insert(route);
                line.places.insert(told.place);
            }
            None => self.0.push(Line {
                section,
                input: input.to_owned(),
                scope,
                outcome,
                routes: [route].into(),
                places: [told.place].into(),
            }),
        }
    }

    fn page(&self) -> String {
        let mut page = HEAD.to_owned();
        for section in SECTIONS {
            write!(page, "\n## {section}\n\n| input | where | status | code | names |\n| --- | --- | --- | --- | --- |\n")
                .unwrap();
            for line in self.0.iter().filter(|line| line.section == section) {
                self.write(&mut page, line);
            }
        }
        page
    }

    /// The same input that gets different answers is shown with its routes.
    fn write(&self, page: &mut String, line: &Line) {
        let of_input = |other: &&Line| {
            (other.section, &other.input, other.scope) == (line.section, &line.input, line.scope)
        };
        let wherever = match self.0.iter().filter(of_input).count() {
            1 => line.scope.to_owned(),
            _ => joined(&line.routes),
        };
        let (status, code) = &line.outcome;
        let code = if code == "none" { "none".to_owned() } else { format!("`{code}`") };
        let input = line.input.replace('|', "\\|");
        writeln!(page, "| {input} | {wherever} | {status} | {code} | {} |", places(&line.places)).unwrap();
    }

    /// Fails where the committed page says something else. One shape alone writes it anew.
    pub fn compare(&self, may_rewrite: bool) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/BAD_INPUT.md");
        let page = self.page();
        if env::var_os(REWRITE).is_some() {
            if may_rewrite {
                fs::write(&path, &page).unwrap();
            }
            return;
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        let differing: Vec<String> = page
            .lines()
            .filter(|line| !committed.lines().any(|known| known == *line))
            .map(|line| format!("now:  {line}"))
            .chain(
                committed
                    .lines()
                    .filter(|line| !page.lines().any(|known| known == *line))
                    .map(|line| format!("page: {line}")),
            )
            .collect();
        assert!(
            page == committed,
            "docs/BAD_INPUT.md differs from what was seen; {REWRITE}=1 writes it anew:\n{}",
            differing.join("\n")
        );
    }
}

fn joined(texts: &BTreeSet<String>) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

/// Few places as they are.
fn places(places: &BTreeSet<String>) -> String {
    let places: Vec<&String> = places.iter().filter(|place| !place.is_empty()).collect();
    if places.len() > MOST_PLACES {
        return "the field".to_owned();
    }
    let shown = places.iter().map(|place| match place.split_once(' ') {
        Some((kind @ ("pointer" | "parameter" | "header" | "path"), place)) => {
            format!("{kind} `{}`", shortened(place))
        }
        None => "the body".to_owned(),
        Some(_) => (*place).clone(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn shortened(place: &str) -> String {
    match place.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &place[..end]),
        None => place.to_owned(),
    }
}
