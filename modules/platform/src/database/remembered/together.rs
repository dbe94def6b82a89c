//! Remembered answers of many keys at once, for what is written in groups.

use std::collections::BTreeMap;

use sea_orm::{DbBackend, Statement};
use serde::{Serialize, de::DeserializeOwned};

use super::{read, written};
use crate::{
    clock,
    database::{
        error::StoreError,
        row::Row,
        rows::{Column, Kind, Rows},
        writes::Writes,
    },
    idempotency::{IdempotencyKey, RequestHash},
};

const KEY: [Column; 1] = [Column::new("key", Kind::Text)];

const ANSWER: [Column; 4] = [
    Column::new("key", Kind::Text),
    Column::new("request_hash", Kind::Bytes),
    Column::new("answer", Kind::Text),
    Column::new("created_at", Kind::Time),
];

/// What a key stands for.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// Of the request that it was used for.
    pub hash: RequestHash,
    /// As JSON.
    answer: String,
}

impl Remembered {
    /// What a key of this request stands for from now on.
    ///
    /// # Errors
    /// When the answer cannot be written as JSON.
    pub fn new<T: Serialize>(hash: RequestHash, answer: &T) -> Result<Self, StoreError> {
        Ok(Self { hash, answer: written(answer)? })
    }

    /// The answer.
    ///
    /// # Errors
    /// When it is another than was written.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        read(&self.answer)
    }
}

/// Asks for what those of these keys stand for that were used, as [`found`] reads it.
pub fn find_all<'a>(backend: DbBackend, keys: impl IntoIterator<Item = &'a IdempotencyKey>) -> Statement {
    let mut wanted = Rows::of(&KEY);
    for key in keys {
        wanted.push([key.as_str().into()]);
    }
    wanted.statement(backend, |wanted| {
        format!(
            "SELECT key, request_hash, answer FROM remembered_answers WHERE key IN (SELECT key FROM {wanted} AS wanted) AND {}",
            wanted.has("key", "key")
        )
    })
}

/// What they stand for.
///
/// # Errors
/// When a row is not what it should be.
pub fn found(rows: &[Row]) -> Result<BTreeMap<String, Remembered>, StoreError> {
    let remembered = |row: &Row| {
        let hash: Vec<u8> = row.get(1)?;
        let hash = RequestHash::from_slice(&hash)
            .ok_or_else(|| StoreError::corrupt("a remembered request hash is not 32 bytes long"))?;
        Ok((row.get(0)?, Remembered { hash, answer: row.get(2)? }))
    };
    rows.iter().map(remembered).collect()
}

/// Remembers what these keys stand for, in the transaction of what they did, by a plain INSERT: should one have been used
/// meanwhile, all of it fails, is to be redone and will find that.
pub fn remember_all(writes: &mut Writes, answers: &BTreeMap<String, Remembered>) {
    let mut rows = Rows::of(&ANSWER);
    for (key, Remembered { hash, answer }) in answers {
        let hash = hash.as_bytes().to_vec();
        rows.push([key.as_str().into(), hash.into(), answer.as_str().into(), clock::now().into()]);
    }
    writes.insert("remembered_answers", rows);
}

/// A key was used by another transaction meanwhile.
pub fn is_key_race(error: &StoreError) -> bool {
    error.is_duplicate_of("remembered_answers")
}
