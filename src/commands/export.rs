//! `pos export products`: writes the catalogue to a file that is whole or not there, or to standard output.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter, ErrorKind},
    path::{Path, PathBuf},
};

use anyhow::Context;
use product::{
    ProductService,
    sheet::{ExportError, export},
};

use crate::{settings::Settings, wiring};

/// # Errors
/// When the file or the database is not as it has to be.
pub async fn export_products(settings: &Settings, path: Option<&Path>) -> anyhow::Result<()> {
    let service = wiring::open_catalogue(settings, false).await?;
    let count = match path {
        Some(path) => {
            let exported = to_file(&service, path).await;
            Some(exported.with_context(|| format!("cannot export to {}", path.display()))?)
        }
        None => to_output(&service).await?,
    };
    service.close().await;
    if let Some(count) = count {
        eprintln!("pos: {count} products");
    }
    Ok(())
}

/// Whoever closed standard output does not want to read on: then there is no count.
async fn to_output(service: &ProductService) -> anyhow::Result<Option<u64>> {
    match export(service, BufWriter::new(io::stdout())).await {
        Ok(count) => Ok(Some(count)),
        Err(ExportError::Target(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes beside the file and renames: a kill leaves what was there before. What is no file is written to as it is.
async fn to_file(service: &ProductService, path: &Path) -> anyhow::Result<u64> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return Ok(export(service, BufWriter::new(File::options().write(true).open(path)?)).await?);
    }
    let beside = beside(path);
    let written = write_through(service, &beside).await;
    let renamed = written.and_then(|count| Ok(fs::rename(&beside, path).map(|()| count)?));
    if renamed.is_err() {
        let _ = fs::remove_file(&beside);
    }
    renamed
}

async fn write_through(service: &ProductService, path: &Path) -> anyhow::Result<u64> {
    let file = File::create(path)?;
    let count = export(service, BufWriter::new(&file)).await?;
    file.sync_all()?;
    Ok(count)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_yet_stands_beside() {
        let id = std::process::id();
        assert_eq!(beside(Path::new("a/b.csv")), Path::new(&format!("a/.b.csv.{id}.part")));
    }
}
