//! How much of a list a caller wants at once.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::cursor;
use crate::problem::{ErrorKind, Place, Problem};

/// Items of a page: 1 to 200, 50 when not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(u64);

impl Limit {
    pub const MAX: u64 = 200;

    pub fn items(self) -> usize {
        self.0 as usize
    }

    /// One more than the page holds: whether it comes tells if there is a next page.
    pub fn items_and_one(self) -> u64 {
        self.0 + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let refuse = || D::Error::custom(format!("must be a whole number from 1 to {}", Self::MAX));
        let text = String::deserialize(deserializer)?;
        let items: u64 = text.parse().map_err(|_| refuse())?;
        match (1..=Self::MAX).contains(&items) {
            true => Ok(Self(items)),
            false => Err(refuse()),
        }
    }
}

/// A page of a list, as it goes out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page starts; null on the last one.
    pub next_cursor: Option<String>,
}

/// What comes back in a cursor may be forged: it is checked as if it had been given anew.
pub trait Sound {
    /// Whether the database can be asked for it.
    fn is_sound(&self) -> bool;
}

/// Where a list goes on, and with which filters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Position<F, K> {
    pub filter: F,
    pub after: K,
}

impl<F, K> Position<F, K>
where
    F: Clone + Default + PartialEq + Serialize + for<'de> Deserialize<'de> + Sound,
    K: Serialize + for<'de> Deserialize<'de> + Sound,
{
    /// The filters to use and where to go on. A cursor brings its filters along; they may be repeated beside it, and
    /// not be changed.
    ///
    /// # Errors
    /// A 400 that names `cursor` when it is none of this list, or one of other filters.
    pub fn open(given: F, cursor: Option<&str>) -> Result<(F, Option<K>), Problem> {
        let Some(cursor) = cursor else {
            return Ok((given, None));
        };
        let position: Self = cursor::decode(cursor)?;
        let refuse = |detail| Problem::fault(ErrorKind::Malformed, Place::Query("cursor".into()), detail);
        if !position.filter.is_sound() || !position.after.is_sound() {
            return Err(refuse("is not a cursor of this list; leave it out to start anew"));
        }
        if given != F::default() && given != position.filter {
            return Err(refuse("belongs to a list with other filters; leave it out to start anew"));
        }
        Ok((position.filter, Some(position.after)))
    }
}

impl Sound for i64 {
    fn is_sound(&self) -> bool {
        true
    }
}

impl<T> Page<T> {
    /// Makes a page of rows that were read with [`Limit::items_and_one`].
    ///
    /// # Errors
    /// When the position cannot be written.
    pub fn close<R, F: Serialize, K: Serialize>(
        mut rows: Vec<R>,
        limit: Limit,
        filter: &F,
        key: impl Fn(&R) -> K,
        show: impl FnMut(R) -> T,
    ) -> Result<Self, Problem> {
        let more = rows.len() > limit.items();
        rows.truncate(limit.items());
        let next_cursor = match rows.last().filter(|_| more) {
            Some(last) => {
                let position = Position { filter, after: key(last) };
                Some(cursor::encode(&position).map_err(Problem::internal)?)
            }
            None => None,
        };
        Ok(Self { items: rows.into_iter().map(show).collect(), next_cursor })
    }
}
