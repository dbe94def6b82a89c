//! Settings before they are checked: each key's value, and where it came from.

use std::{
    collections::{BTreeMap, HashMap},
    fmt, fs,
    path::{Path, PathBuf},
};

use config::{Environment, File, FileFormat, Source, ValueKind};

use crate::{cli::Flags, role::Role};

/// Embedded: every key with its default, which also says of what type it is.
const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    /// The variable's name.
    Environment(String),
    Flag(&'static str),
}

/// A value that a key can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Switch(bool),
    Number(i64),
    Text(String),
}

/// What is in force for a key.
#[derive(Clone, Debug)]
pub struct Entry {
    pub value: Setting,
    pub origin: Origin,
}

/// All keys, and the faults that were found so far.
#[derive(Debug)]
pub struct Layers {
    entries: BTreeMap<String, Entry>,
    faults: Vec<String>,
}

impl Layers {
    /// Reads all layers; faults are noted, and what can be read is.
    pub fn read(role: Role, flags: &Flags, environment: Option<HashMap<String, String>>) -> Self {
        let mut layers = Self { entries: BTreeMap::new(), faults: Vec::new() };
        layers.read_defaults(role);
        for path in &flags.config {
            layers.read_file(path);
        }
        layers.read_environment(environment);
        let given =
            [("server.listen", "--listen", &flags.listen), ("data_dir", "--data-dir", &flags.data_dir)];
        for (key, flag, value) in given {
            if let Some(value) = value {
                layers.put(key, ValueKind::String(value.clone()), Origin::Flag(flag));
            }
        }
        layers
    }

    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// The text of a key; empty when it is none.
    pub fn text(&self, key: &str) -> &str {
        match self.entries.get(key).map(|entry| &entry.value) {
            Some(Setting::Text(text)) => text,
            _ => "",
        }
    }

    /// The number of a key; 0 when it is none.
    pub fn number(&self, key: &str) -> i64 {
        match self.entries.get(key).map(|entry| &entry.value) {
            Some(Setting::Number(number)) => *number,
            _ => 0,
        }
    }

    pub fn origin(&self, key: &str) -> Origin {
        self.entries.get(key).map_or(Origin::Default, |entry| entry.origin.clone())
    }

    /// Replaces the value of a key by what was made of it.
    pub fn set(&mut self, key: &str, value: Setting, origin: Origin) {
        self.entries.insert(key.to_owned(), Entry { value, origin });
    }

    /// Notes what is wrong with a key's value, and what would be right.
    pub fn fault(&mut self, key: &str, remedy: impl fmt::Display) {
        let origin = self.origin(key);
        self.faults.push(format!("{key} ({origin}): {remedy}"));
    }

    pub fn take_faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.faults)
    }

    fn read_defaults(&mut self, role: Role) {
        let table = File::from_str(DEFAULTS, FileFormat::Toml)
            .collect()
            .expect("the embedded defaults are valid TOML");
        for (key, value) in flatten(table) {
            let value =
                Setting::of(value).expect("the embedded defaults are switches, whole numbers and texts");
            self.set(&key, value, Origin::Default);
        }
        let listen = format!("127.0.0.1:{}", role.default_port());
        self.set("server.listen", Setting::Text(listen), Origin::Default);
        self.set("database.migrate_on_start", Setting::Switch(role.migrates_on_start()), Origin::Default);
    }

    fn read_file(&mut self, path: &Path) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                return self.faults.push(format!("--config {}: cannot be read: {error}", path.display()));
            }
        };
        match File::from_str(&text, FileFormat::Toml).collect() {
            Ok(table) => {
                for (key, value) in flatten(table) {
                    self.put(&key, value, Origin::File(path.to_owned()));
                }
            }
            Err(error) => self.faults.push(format!("--config {}: is not TOML: {error}", path.display())),
        }
    }

    fn read_environment(&mut self, environment: Option<HashMap<String, String>>) {
        let source = Environment::with_prefix("POS")
            .separator("__")
            .source(environment.map(|map| map.into_iter().collect()));
        match source.collect() {
            Ok(table) => {
                for (key, value) in flatten(table) {
                    let variable = format!("POS__{}", key.replace('.', "__").to_uppercase());
                    self.put(&key, value, Origin::Environment(variable));
                }
            }
            Err(error) => self.faults.push(error.to_string()),
        }
    }

    fn put(&mut self, key: &str, value: ValueKind, origin: Origin) {
        let Some(entry) = self.entries.get_mut(key) else {
            return self
                .faults
                .push(format!("{key} ({origin}): there is no such key; `pos config` lists them all"));
        };
        match entry.value.read_like(value) {
            Ok(value) => *entry = Entry { value, origin },
            Err(expected) => self.faults.push(format!("{key} ({origin}): must be {expected}")),
        }
    }
}

impl Setting {
    fn of(kind: ValueKind) -> Option<Self> {
        match kind {
            ValueKind::Boolean(switch) => Some(Self::Switch(switch)),
            ValueKind::I64(number) => Some(Self::Number(number)),
            ValueKind::String(text) => Some(Self::Text(text)),
            _ => None,
        }
    }

    /// A value of the same type as this one. The environment has only texts.
    fn read_like(&self, kind: ValueKind) -> Result<Self, &'static str> {
        match (self, kind) {
            (Self::Switch(_), ValueKind::Boolean(switch)) => Ok(Self::Switch(switch)),
            (Self::Switch(_), ValueKind::String(text)) => {
                text.parse().map(Self::Switch).map_err(|_| "true or false")
            }
            (Self::Switch(_), _) => Err("true or false"),
            (Self::Number(_), ValueKind::I64(number)) => Ok(Self::Number(number)),
            (Self::Number(_), ValueKind::String(text)) => {
                text.parse().map(Self::Number).map_err(|_| "a whole number")
            }
            (Self::Number(_), _) => Err("a whole number"),
            (Self::Text(_), ValueKind::String(text)) => Ok(Self::Text(text)),
            (Self::Text(_), _) => Err("a text in quotes"),
        }
    }
}

impl From<Setting> for config::Value {
    fn from(setting: Setting) -> Self {
        match setting {
            Setting::Switch(switch) => switch.into(),
            Setting::Number(number) => number.into(),
            Setting::Text(text) => text.into(),
        }
    }
}

/// Keys with their sections, joined by dots, in order.
fn flatten(table: config::Map<String, config::Value>) -> BTreeMap<String, ValueKind> {
    let mut flat = BTreeMap::new();
    for (key, value) in table {
        match value.kind {
            ValueKind::Table(inner) => {
                flat.extend(flatten(inner).into_iter().map(|(rest, value)| (format!("{key}.{rest}"), value)));
            }
            kind => {
                flat.insert(key, kind);
            }
        }
    }
    flat
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Environment(variable) => write!(formatter, "environment {variable}"),
            Self::Flag(flag) => write!(formatter, "flag {flag}"),
        }
    }
}
