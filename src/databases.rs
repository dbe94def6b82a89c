//! Opens a module's database at start: waits for it, brings its schema up to date, checks that it is this shop's.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use contract::Shop;
use platform::{
    database::{
        Database, Differing, ErrorClass, Fact, FileLock, FileLockError, Location, Migrations, SchemaState,
        StoreError, compare_facts, locate, migrate, pin_facts, schema_state,
    },
    deadline::Deadline,
    settings::DatabaseSettings,
};

use crate::settings::{Settings, without_password};

/// Pause between two tries to reach a database.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// The reason when there is none to tell.
const SILENT: &str = "it does not answer, or lets nobody write";

/// A database that a role needs.
pub struct Needed<'a> {
    pub name: &'static str,
    pub url: &'a str,
    pub settings: &'a Settings,
}

/// Locks the directories of the SQLite files among `urls`, each once.
///
/// # Errors
/// When another process holds one, or it cannot be written.
pub fn lock_directories(urls: &[&str]) -> anyhow::Result<Vec<FileLock>> {
    let mut directories = BTreeSet::new();
    for url in urls {
        if let Location::File(file) = locate(url)? {
            let directory =
                file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            // spelled twice, it is still one directory: its lock would be in its own way
            std::fs::create_dir_all(directory).with_context(|| unusable(directory))?;
            directories.insert(directory.canonicalize().with_context(|| unusable(directory))?);
        }
    }
    directories
        .iter()
        .map(|directory| {
            FileLock::take(directory).map_err(|error| match error {
                FileLockError::InUse(_) => anyhow::Error::new(error),
                FileLockError::Io { path, source } => anyhow::Error::new(source).context(unusable(&path)),
            })
        })
        .collect()
}

/// The same for one URL, or nothing where another process holds the directory.
///
/// # Errors
/// When it cannot be written.
pub fn lock_unless_used(url: &str) -> anyhow::Result<Option<Vec<FileLock>>> {
    match lock_directories(&[url]) {
        Ok(locks) => Ok(Some(locks)),
        Err(error) if matches!(error.downcast_ref(), Some(FileLockError::InUse(_))) => Ok(None),
        Err(error) => Err(error),
    }
}

fn unusable(directory: &Path) -> String {
    format!(
        "cannot write to {}; make it writable, or choose another directory with --data-dir",
        directory.display()
    )
}

impl Needed<'_> {
    /// Waits for the database, migrates it when told so, and checks whose it is.
    ///
    /// # Errors
    /// When it cannot be reached, or is not as this program needs it; the message says what to do.
    pub async fn open<M: Migrations>(&self) -> anyhow::Result<Database> {
        self.open_and_maybe_migrate::<M>(self.settings.database.migrate_on_start).await
    }

    /// The same, and runs no migration whatever is said.
    ///
    /// # Errors
    /// As [`Needed::open`].
    pub async fn open_as_it_is<M: Migrations>(&self) -> anyhow::Result<Database> {
        self.open_and_maybe_migrate::<M>(false).await
    }

    /// The same, and changes nothing at all: there must be a database, and it must be this shop's already.
    ///
    /// # Errors
    /// As [`Needed::open`].
    pub async fn open_to_read<M: Migrations>(&self) -> anyhow::Result<Database> {
        self.must_exist()?;
        let database = self.connect_by(Database::connect_to_read).await?;
        if database.is_standby().await? {
            bail!(
                "{} is a standby, which may be behind; name its primary in {}.database_url",
                without_password(self.url),
                self.name
            );
        }
        self.bring_up_to_date::<M>(&database, false).await?;
        let differs = compare_facts(&database, facts_of(&self.settings.shop)).await;
        self.refuse_stranger(differs)?;
        Ok(database)
    }

    /// Where it is embedded: a mistyped directory must not look like an empty shop.
    ///
    /// # Errors
    /// When there is no file.
    pub fn must_exist(&self) -> anyhow::Result<()> {
        if let Location::File(file) = locate(self.url)? {
            let there = std::fs::metadata(&file);
            there.with_context(|| format!("there is no {} database at {}", self.name, file.display()))?;
        }
        Ok(())
    }

    async fn open_and_maybe_migrate<M: Migrations>(&self, migrates: bool) -> anyhow::Result<Database> {
        let database = self.connect().await?;
        self.bring_up_to_date::<M>(&database, migrates).await?;
        let differs = pin_facts(&database, facts_of(&self.settings.shop)).await;
        self.refuse_stranger(differs)?;
        Ok(database)
    }

    /// Runs the missing migrations; answers how many there were.
    ///
    /// # Errors
    /// When the database cannot be reached, is newer than this program, or a migration fails.
    pub async fn migrate<M: Migrations>(&self) -> anyhow::Result<usize> {
        let database = self.connect().await?;
        let before = self.state::<M>(&database).await?;
        self.run_migrations::<M>().await?;
        let after = self.state::<M>(&database).await?;
        database.close().await.context("closing the database")?;
        self.refuse_newer(&after)?;
        Ok(match before {
            SchemaState::Behind(missing) => missing,
            SchemaState::Current | SchemaState::Newer(_) => 0,
        })
    }

    async fn connect(&self) -> anyhow::Result<Database> {
        self.connect_by(Database::connect).await
    }

    async fn connect_by(
        &self,
        open: impl AsyncFn(&'static str, &str, &DatabaseSettings) -> Result<Database, StoreError>,
    ) -> anyhow::Result<Database> {
        let Self { name, url, settings } = self;
        let patience = Duration::from_millis(settings.database.connect_timeout_ms);
        let started = Instant::now();
        let mut waiting = false;
        loop {
            let attempt = open(name, url, &settings.database);
            let error = match Deadline::after(patience).bound(attempt).await {
                Ok(Ok(database)) => return Ok(database),
                Ok(Err(error)) => error,
                Err(_) => bail!(self.unreachable(SILENT)),
            };
            // a file that cannot be read or written does not come up by itself
            let is_lost = error.class == ErrorClass::Broken && url.starts_with("sqlite:");
            if is_lost || !error.is_transient() || started.elapsed() + RETRY_PAUSE >= patience {
                let reason = match error.class {
                    ErrorClass::NotSent => SILENT.to_owned(),
                    _ => error.source.to_string(),
                };
                bail!(self.unreachable(&reason));
            }
            if !waiting {
                tracing::info!(database = name, error = %error.source, "waiting for the database");
                waiting = true;
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    fn unreachable(&self, reason: &str) -> String {
        let Self { name, url, settings } = self;
        let shown = without_password(url);
        if url.starts_with("sqlite:") {
            return format!(
                "cannot open the {name} database {shown}: {reason}; see that its disk has room and may be written, or \
                 choose another directory with --data-dir"
            );
        }
        let waited = settings.database.connect_timeout_ms;
        format!(
            "cannot open the {name} database {shown} (waited up to {waited} ms): {reason}; \
             start it, or correct {name}.database_url"
        )
    }

    async fn bring_up_to_date<M: Migrations>(
        &self,
        database: &Database,
        migrates: bool,
    ) -> anyhow::Result<()> {
        let mut state = self.state::<M>(database).await?;
        if let SchemaState::Behind(missing) = state
            && migrates
        {
            tracing::info!(
                database = self.name,
                missing,
                "the schema is behind; migrating, unless another process does"
            );
            self.run_migrations::<M>().await?;
            state = self.state::<M>(database).await?;
        }
        self.refuse_newer(&state)?;
        let (name, role) = (self.name, self.settings.role);
        if let SchemaState::Behind(missing) = state {
            bail!(
                "the {name} database lacks {missing} migration(s); run `pos migrate --role {role}` with the same \
                 settings, or set database.migrate_on_start to true"
            );
        }
        Ok(())
    }

    async fn state<M: Migrations>(&self, database: &Database) -> anyhow::Result<SchemaState> {
        let state = schema_state::<M>(database).await;
        state.with_context(|| format!("cannot read the schema of the {} database", self.name))
    }

    async fn run_migrations<M: Migrations>(&self) -> anyhow::Result<()> {
        let result = migrate::<M>(self.url, &self.settings.database).await;
        result.with_context(|| format!("cannot migrate the {} database", self.name))
    }

    fn refuse_newer(&self, state: &SchemaState) -> anyhow::Result<()> {
        let SchemaState::Newer(migration) = state else {
            return Ok(());
        };
        bail!(
            "the {name} database holds the migration {migration}, which this pos {version} does not know; run the \
             newer pos that made it, or correct {name}.database_url if it belongs to another module",
            name = self.name,
            version = env!("CARGO_PKG_VERSION"),
        )
    }

    /// A database is one shop's, in one currency, for ever.
    fn refuse_stranger(&self, differs: Result<Option<Differing>, StoreError>) -> anyhow::Result<()> {
        let differs = differs.with_context(|| format!("cannot read whose the {} database is", self.name))?;
        if let Some((Fact { name: key, value }, stands)) = differs {
            let Some(stands) = stands else {
                bail!("the {} database was made for a shop that never started; start it once", self.name);
            };
            bail!(
                "the {name} database was made with {key} = {stands:?}, and {key} is {value:?} now; set it back, or use \
                 another database",
                name = self.name,
            );
        }
        Ok(())
    }
}

fn facts_of(shop: &Shop) -> Vec<Fact> {
    vec![
        Fact { name: "shop.id", value: shop.id.clone() },
        Fact { name: "shop.currency", value: shop.currency.to_string() },
    ]
}
