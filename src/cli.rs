//! The command line.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, error::ErrorKind};

use crate::{failure::Failure, role::Role};

/// Point of sale: a shop's backend, whole or by roles.
#[derive(Debug, Parser)]
#[command(name = "pos", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    flags: Flags,
    /// Put a small catalogue in, once, so that there is something to sell
    #[arg(long)]
    demo: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What holds for every command; may stand before and after its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Flags {
    /// What this process is [default: all]
    #[arg(long, value_enum)]
    pub role: Option<Role>,
    /// Settings file (TOML); may be repeated, later files win
    #[arg(long, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// Address to serve on, instead of server.listen
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Where the embedded databases live, instead of data_dir
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the schemas of the role's databases up to date
    Migrate {
        #[command(flatten)]
        flags: Flags,
    },
    /// Print the OpenAPI document of the role
    Openapi {
        #[command(flatten)]
        flags: Flags,
    },
    /// Ask the process that serves on the configured address whether it lives; exit 0 or 1
    Healthcheck {
        /// Ask whether it wants requests, too
        #[arg(long)]
        ready: bool,
        #[command(flatten)]
        flags: Flags,
    },
    /// Print every setting in force, and where it came from
    Config {
        #[command(flatten)]
        flags: Flags,
    },
    /// Check across both databases what must always hold; beside a running shop too, and without writing.
    ///
    /// Exit 0: all holds. 2: something does not. 1: it could not be checked.
    Audit {
        /// The report as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        flags: Flags,
    },
    /// Read a file into the shop; beside a running one too
    #[command(subcommand)]
    Import(Import),
    /// Write what the shop has to a file
    #[command(subcommand)]
    Export(Export),
}

#[derive(Debug, Subcommand)]
enum Import {
    /// Make and change products by SKU, as a file of comma-separated values says
    #[command(after_long_help = COLUMNS)]
    Products {
        /// UTF-8; its first line names the columns
        file: PathBuf,
        /// Say what would be made and changed, and what is faulty, and write nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        flags: Flags,
    },
}

#[derive(Debug, Subcommand)]
enum Export {
    /// Write every product that is not archived, as `import products` reads it
    #[command(after_long_help = COLUMNS)]
    Products {
        /// Where to; standard output when left out
        file: Option<PathBuf>,
        #[command(flatten)]
        flags: Flags,
    },
}

const COLUMNS: &str = "\
Columns, in any order; an empty cell says as little as a column that is not there:
  sku           which product the line is about: a new one where none has this SKU. Required
  name          1 to 200 characters. Required
  price         in the shop's currency, such as 3.80. Required
  barcode       up to 64 characters, of no other product
  category      up to 100 characters
  stock         what a new product opens with; a product that exists keeps the stock it has
  stockPolicy   deny (the default), allow, flag or untracked; a product that exists keeps its own when left out
  reorderLevel  at or below it the product is low on stock
  currency      refused unless it is the shop's
  id            names a product that has no SKU, where the sku is empty; otherwise not looked at
A line replaces all of these but stock: barcode, category and reorderLevel are emptied when left out.
A ' before = + - or @ at the beginning of a text keeps a spreadsheet from running it, and is taken off.";

/// What the caller wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Serve { demo: bool },
    Migrate,
    Openapi,
    Healthcheck { ready: bool },
    Config,
    Audit { json: bool },
    ImportProducts { file: PathBuf, dry_run: bool },
    ExportProducts { file: Option<PathBuf> },
}

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    Do(Action, Flags),
    /// Help or version, to be printed as it is.
    Print(String),
}

/// Reads a command line.
///
/// # Errors
/// When it is none of ours.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, Failure> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Ok(Asked::Print(error.to_string()));
        }
        Err(error) => return Err(Failure::usage(summary(&error))),
    };
    let (action, later) = match cli.command {
        None => (Action::Serve { demo: cli.demo }, Flags::default()),
        Some(_) if cli.demo => {
            return Err(Failure::usage("--demo belongs to serving; leave it out before a command"));
        }
        Some(Command::Migrate { flags }) => (Action::Migrate, flags),
        Some(Command::Openapi { flags }) => (Action::Openapi, flags),
        Some(Command::Healthcheck { ready, flags }) => (Action::Healthcheck { ready }, flags),
        Some(Command::Config { flags }) => (Action::Config, flags),
        Some(Command::Audit { json, flags }) => (Action::Audit { json }, flags),
        Some(Command::Import(Import::Products { file, dry_run, flags })) => {
            (Action::ImportProducts { file, dry_run }, flags)
        }
        Some(Command::Export(Export::Products { file, flags })) => (Action::ExportProducts { file }, flags),
    };
    let flags = cli.flags.then(later);
    let has_product = flags.role.unwrap_or_default().has_product();
    if cli.demo && !has_product {
        return Err(Failure::usage("--demo fills the catalogue; use it with --role all or --role product"));
    }
    if matches!(action, Action::Audit { .. }) && flags.role.unwrap_or_default() != Role::All {
        return Err(Failure::usage(
            "an audit reads both databases; leave --role out, and name them by product.database_url and order.database_url",
        ));
    }
    let wants_product = matches!(action, Action::ImportProducts { .. } | Action::ExportProducts { .. });
    if wants_product && !has_product {
        return Err(Failure::usage("products are in the product database; use --role all or --role product"));
    }
    Ok(Asked::Do(action, flags))
}

/// clap's paragraphs as one line: what is wrong, and where to look.
fn summary(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut paragraphs =
        text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    let fault = paragraphs.next().unwrap_or_default();
    format!("{}; `pos --help` lists what there is", fault.trim_start_matches("error: "))
}

impl Flags {
    /// These, and then those that came later on the line.
    fn then(mut self, later: Self) -> Self {
        self.config.extend(later.config);
        Self {
            role: later.role.or(self.role),
            config: self.config,
            listen: later.listen.or(self.listen),
            data_dir: later.data_dir.or(self.data_dir),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Asked, Failure> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn fault(line: &str) -> String {
        match asked(line) {
            Err(Failure::Usage(faults)) => faults.join("\n"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn bare_pos_serves_a_whole_shop() {
        assert_eq!(asked("pos").unwrap(), Asked::Do(Action::Serve { demo: false }, Flags::default()));
        assert_eq!(asked("pos --demo").unwrap(), Asked::Do(Action::Serve { demo: true }, Flags::default()));
    }

    #[test]
    fn flags_stand_before_and_after_the_command() {
        let line =
            "pos --role order --config a --listen [::1]:1 migrate --config b --role product --data-dir d";
        let flags = Flags {
            role: Some(Role::Product),
            config: vec!["a".into(), "b".into()],
            listen: Some("[::1]:1".into()),
            data_dir: Some("d".into()),
        };
        assert_eq!(asked(line).unwrap(), Asked::Do(Action::Migrate, flags));
    }

    #[test]
    fn a_file_goes_in_and_out() {
        let (file, flags) = (PathBuf::from("a.csv"), Flags::default());
        let import = Action::ImportProducts { file: file.clone(), dry_run: true };
        assert_eq!(asked("pos import products a.csv --dry-run").unwrap(), Asked::Do(import, flags.clone()));
        let export = |file| Asked::Do(Action::ExportProducts { file }, flags.clone());
        assert_eq!(asked("pos export products").unwrap(), export(None));
        assert_eq!(asked("pos export products a.csv").unwrap(), export(Some(file)));
    }

    #[test]
    fn says_in_one_line_what_is_wrong() {
        for (line, word) in [
            ("pos --rolle all", "--rolle"),
            ("pos --role till", "till"),
            ("pos sell", "sell"),
            ("pos --listen", "--listen"),
            ("pos migrate --demo", "--demo"),
            ("pos --demo migrate", "--demo"),
            ("pos --demo --role order", "--demo"),
            ("pos import products", "FILE"),
            ("pos import tills file", "tills"),
            ("pos import products file --role order", "--role product"),
            ("pos --role gateway export products", "--role product"),
        ] {
            let fault = fault(line);
            assert!(fault.contains(word) && !fault.contains('\n'), "{line}: {fault}");
        }
    }

    #[test]
    fn help_and_version_are_no_faults() {
        for line in ["pos --help", "pos --version", "pos migrate --help", "pos import products --help"] {
            assert!(matches!(asked(line), Ok(Asked::Print(_))), "{line}");
        }
    }
}
