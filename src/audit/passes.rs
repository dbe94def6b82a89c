//! The walks through both databases, each in batches of rows in the order of their keys.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use contract::audit::{Invariant, Violation};
use platform::{database::StoreError, deadline::Deadline};
use uuid::Uuid;

use super::{
    Audited, Progress, Tally,
    compare::{check_decision_totals, compare},
    tally::SHOWN,
};

/// Rows of the first batch, and of the smallest and largest.
const ROWS: u64 = 1000;
const ROWS_BOUNDS: (u64, u64) = (50, 8000);
/// A batch that took longer is followed by a smaller one: no snapshot is to last a second.
const LONG: Duration = Duration::from_millis(400);
const SHORT: Duration = Duration::from_millis(100);
/// Before a suspect is read again, and before a batch that failed is; there it doubles from one failure to the next.
const PAUSE: Duration = Duration::from_millis(200);
/// Batches in a row that may fail before the audit gives up.
const FAILURES_IN_ROW: u32 = 5;
/// I9.
const PENDING_MS: i64 = 30_000;

/// I1 and the end of I2.
pub async fn levels(shop: &Audited, tally: &mut Tally, progress: &impl Progress) -> Result<(), StoreError> {
    let next = async |after, rows| {
        let end = shop.product.nth_product((after, Uuid::max()), rows).await?;
        Ok(end.map(|(last, found)| Batch {
            last,
            is_full: found == rows,
            counted: [(Invariant::Floor, found)],
        }))
    };
    let check = async |after, last| shop.product.levels(after, last).await;
    walk(Uuid::nil(), next, check, shop.patience, tally, progress).await
}

/// The chain of I2, and I4.
pub async fn ledger(shop: &Audited, tally: &mut Tally, progress: &impl Progress) -> Result<(), StoreError> {
    let next = async |after, rows| {
        let end = shop.product.nth_movement(after, rows).await?;
        let counted = |found| [Invariant::Ledger, Invariant::Covered].map(|of| (of, found));
        Ok(end.map(|(last, found)| Batch { last, is_full: found == rows, counted: counted(found) }))
    };
    let check = async |after, last| shop.product.ledger(after, last).await;
    walk((Uuid::nil(), 0), next, check, shop.patience, tally, progress).await
}

/// Two ranges of ids, the one about as full as the other: cut in the middle of what orders there are, as many hashes are on either
/// side, and at an even trade as many times. Where the database does not tell, one of them is empty.
pub async fn halves(shop: &Audited) -> [(Uuid, Uuid); 2] {
    let (first, last) = in_time(shop.patience, shop.order.ends()).await.ok().flatten().unwrap_or_default();
    let middle = Uuid::from_u128(first.as_u128().midpoint(last.as_u128()));
    [(Uuid::nil(), middle), (middle, Uuid::max())]
}

/// I3, I5, I7, I8 and I10 of a range of orders: the order first, then its decision.
pub async fn orders(
    shop: &Audited,
    (first, until): (Uuid, Uuid),
    tally: &mut Tally,
    progress: &impl Progress,
) -> Result<(), StoreError> {
    let next = async |after, rows| {
        let Some((last, order, decision)) = nth_of_either(shop, (after, until), rows).await? else {
            return Ok(None);
        };
        let orders = count(last, order, async || shop.order.nth_order((after, last), rows).await).await?;
        let decisions =
            count(last, decision, async || shop.product.nth_decision((after, last), rows).await).await?;
        let of_orders = [Invariant::Decided, Invariant::Lines, Invariant::Totals, Invariant::Keyed];
        let counted = of_orders.map(|of| (of, orders)).into_iter().chain([(Invariant::Taken, decisions)]);
        Ok(Some(Batch { last, is_full: is_full([order, decision], rows), counted }))
    };
    let check = async |after, last| {
        let orders = shop.order.orders(after, last).await?;
        let (decisions, mut violations) = shop.product.decisions(after, last).await?;
        let decisions: BTreeMap<Uuid, _> =
            decisions.into_iter().map(|decision| (decision.order_id, decision)).collect();
        violations
            .extend(orders.iter().flat_map(|order| compare(order, decisions.get(&order.id), &shop.shop)));
        violations.extend(decisions.values().flat_map(check_decision_totals));
        Ok(violations)
    };
    walk(first, next, check, shop.patience, tally, progress).await
}

/// Where so many rows end, and how many they are.
type End = Option<(Uuid, u64)>;

/// The end of a batch that has no more than so many orders, and no more than so many decisions; and where those end by themselves.
/// Where one database was restored without the other, one of them knows far more than the other.
async fn nth_of_either(
    shop: &Audited,
    (after, until): (Uuid, Uuid),
    rows: u64,
) -> Result<Option<(Uuid, End, End)>, StoreError> {
    let order = shop.order.nth_order((after, until), rows).await?;
    let decision = shop.product.nth_decision((after, until), rows).await?;
    Ok(end_of([order, decision], rows).map(|last| (last, order, decision)))
}

/// Whether there may be more behind it.
fn is_full(sides: [End; 2], rows: u64) -> bool {
    sides.into_iter().flatten().any(|(_, found)| found == rows)
}

/// How many rows of one side a batch has that ends here.
async fn count(
    last: Uuid,
    side: End,
    up_to_last: impl AsyncFn() -> Result<End, StoreError>,
) -> Result<u64, StoreError> {
    let counted = match side {
        Some((end, _)) if end > last => up_to_last().await?,
        side => side,
    };
    Ok(counted.map_or(0, |(_, rows)| rows))
}

/// Where a batch ends whose sides end there by themselves. One with less than a batch is at its end: the other may go on behind it.
fn end_of(sides: [End; 2], rows: u64) -> Option<Uuid> {
    let sides = sides.into_iter().flatten();
    let full = sides.clone().filter(|(_, found)| *found == rows).map(|(end, _)| end).min();
    full.or_else(|| sides.map(|(end, _)| end).max())
}

/// I6: the decision first, then its order.
pub async fn decisions(
    shop: &Audited,
    tally: &mut Tally,
    progress: &impl Progress,
) -> Result<(), StoreError> {
    let next = async |after, rows| {
        let Some((last, order, decision)) = nth_of_either(shop, (after, Uuid::max()), rows).await? else {
            return Ok(None);
        };
        let decisions = async || shop.product.nth_decision((after, last), rows).await;
        let counted = [(Invariant::Owned, count(last, decision, decisions).await?)];
        Ok(Some(Batch { last, is_full: is_full([order, decision], rows), counted }))
    };
    let check = async |after, last| {
        let held = shop.product.held(after, last).await?;
        let statuses: BTreeMap<Uuid, String> = shop.order.statuses(after, last).await?.into_iter().collect();
        let status = |id: &Uuid| statuses.get(id).map(String::as_str);
        Ok(held.into_iter().filter_map(|id| owned(id, status(&id))).collect())
    };
    walk(Uuid::nil(), next, check, shop.patience, tally, progress).await
}

fn owned(id: Uuid, status: Option<&str>) -> Option<Violation> {
    let detail = match status {
        Some("confirmed" | "pending") => return None,
        Some(other) => format!("its decision is held, and it is {other}"),
        None => "its decision is held, and there is no such order".to_owned(),
    };
    Some(Violation { invariant: Invariant::Owned, id, detail })
}

/// I9. More than are shown are not looked for.
pub async fn overdue(shop: &Audited, tally: &mut Tally) -> Result<(), StoreError> {
    tally.checked(Invariant::Prompt, in_time(shop.patience, shop.order.pending()).await?);
    let late = async || in_time(shop.patience, shop.order.overdue(PENDING_MS, SHOWN as u64)).await;
    let suspects = late().await?;
    if suspects.is_empty() {
        return Ok(());
    }
    tokio::time::sleep(PAUSE).await;
    let still: BTreeSet<Uuid> = late().await?.into_iter().map(|(id, _)| id).collect();
    for (id, since) in suspects.into_iter().filter(|(id, _)| still.contains(id)) {
        let detail = format!("it is pending since {}", since.format("%Y-%m-%dT%H:%M:%SZ"));
        tally.found(Violation { invariant: Invariant::Prompt, id, detail });
    }
    Ok(())
}

/// Where a batch ends, and how many rows are checked there of each invariant.
struct Batch<Key, Counted> {
    last: Key,
    /// It has as many rows as it may.
    is_full: bool,
    counted: Counted,
}

/// Checks batch after batch, up to one that is not full: what is behind that came meanwhile, and behind that comes more for as long as
/// the shop sells. What is found is read again, in the same direction, and counts if it is found again.
async fn walk<Key: Copy, Counted: IntoIterator<Item = (Invariant, u64)>>(
    mut after: Key,
    next: impl AsyncFn(Key, u64) -> Result<Option<Batch<Key, Counted>>, StoreError>,
    check: impl AsyncFn(Key, Key) -> Result<Vec<Violation>, StoreError>,
    patience: Duration,
    tally: &mut Tally,
    progress: &impl Progress,
) -> Result<(), StoreError> {
    let (mut rows, mut failures) = (ROWS, 0);
    loop {
        let batch = async {
            let Some(batch) = next(after, rows).await? else {
                return Ok(None);
            };
            let (violations, taken) = confirmed(after, batch.last, &check).await?;
            Ok::<_, StoreError>(Some((batch, violations, taken)))
        };
        match in_time(patience, batch).await {
            Ok(None) => return Ok(()),
            Ok(Some((batch, violations, taken))) => {
                violations.into_iter().for_each(|violation| tally.found(violation));
                for (invariant, rows) in batch.counted {
                    tally.checked(invariant, rows);
                    progress.checked(invariant, rows);
                }
                if !batch.is_full {
                    return Ok(());
                }
                (after, failures) = (batch.last, 0);
                rows = next_batch(rows, taken);
            }
            // a database under load ended the statement, or had no connection: nothing of the batch was counted
            Err(error) if error.is_transient() && failures < FAILURES_IN_ROW => {
                tokio::time::sleep(PAUSE * 2_u32.pow(failures)).await;
                failures += 1;
                rows = ROWS_BOUNDS.0;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn in_time<T>(
    patience: Duration,
    reading: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let in_time = Deadline::after(patience).bound(reading).await;
    in_time.unwrap_or_else(|_| Err(StoreError::silent(patience)))
}

/// What was found, and was found again; and how long the first reading took.
async fn confirmed<Key: Copy>(
    after: Key,
    last: Key,
    check: &impl AsyncFn(Key, Key) -> Result<Vec<Violation>, StoreError>,
) -> Result<(Vec<Violation>, Duration), StoreError> {
    let begun = Instant::now();
    let suspects = check(after, last).await?;
    let taken = begun.elapsed();
    if suspects.is_empty() {
        return Ok((suspects, taken));
    }
    tokio::time::sleep(PAUSE).await;
    let again = check(after, last).await?;
    let is_again = |suspect: &Violation| {
        again.iter().any(|other| (other.invariant, other.id) == (suspect.invariant, suspect.id))
    };
    Ok((suspects.into_iter().filter(is_again).collect(), taken))
}

fn next_batch(rows: u64, taken: Duration) -> u64 {
    let rows = match taken {
        taken if taken > LONG => rows / 2,
        taken if taken < SHORT => rows * 2,
        _ => rows,
    };
    rows.clamp(ROWS_BOUNDS.0, ROWS_BOUNDS.1)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use platform::database::ErrorClass;

    use super::*;

    struct Silent;
    impl Progress for Silent {
        fn checked(&self, _: Invariant, _: u64) {}
    }

    fn broken() -> StoreError {
        StoreError { class: ErrorClass::Broken, ..StoreError::corrupt("canceled") }
    }

    /// Walks up to 10,000 while every batch of more than `bearable` rows fails; the sizes of the batches, and what came of it.
    async fn walked(bearable: u64) -> (Vec<u64>, Result<(), StoreError>, Tally) {
        let (asked, size, mut tally) = (RefCell::new(Vec::new()), Cell::new(0), Tally::default());
        let next = async |after: u64, rows: u64| {
            asked.borrow_mut().push(rows);
            size.set(rows);
            let last = (after + rows).min(10_000);
            let found = last - after;
            let counted = [(Invariant::Floor, found)];
            Ok((found > 0).then_some(Batch { last, is_full: found == rows, counted }))
        };
        let check = async |_, _| if size.get() > bearable { Err(broken()) } else { Ok(Vec::new()) };
        let end = walk(0, next, check, Duration::from_secs(10), &mut tally, &Silent).await;
        (asked.into_inner(), end, tally)
    }

    #[test]
    fn a_batch_has_no_more_rows_of_either_side_than_it_may() {
        let side = |end, found| Some((Uuid::from_u128(end), found));
        for (orders, decisions, end) in [
            (side(7, 5), side(9, 5), Some(7)),
            (side(9, 5), side(7, 5), Some(7)),
            (side(9, 2), side(7, 5), Some(7)),
            (side(7, 5), side(9, 2), Some(7)),
            (side(3, 2), side(7, 5), Some(7)),
            (side(3, 2), side(4, 1), Some(4)),
            (None, side(7, 5), Some(7)),
            (side(3, 1), None, Some(3)),
            (None, None, None),
        ] {
            assert_eq!(end_of([orders, decisions], 5), end.map(Uuid::from_u128), "{orders:?}, {decisions:?}");
        }
    }

    #[tokio::test]
    async fn a_batch_that_the_database_ended_is_checked_in_smaller_ones() {
        let (asked, end, tally) = walked(999).await;
        assert_eq!((asked[0], asked[1]), (ROWS, ROWS_BOUNDS.0));
        end.unwrap();
        assert_eq!(tally.of(Invariant::Floor).checked, 10_000);
    }

    #[tokio::test]
    async fn a_shop_that_sells_meanwhile_does_not_lengthen_the_walk_for_ever() {
        let (there, mut tally) = (Cell::new(10_000), Tally::default());
        let next = async |after: u64, rows: u64| {
            // two sales while a batch is read
            there.set(there.get() + 2);
            let last = (after + rows).min(there.get());
            let counted = [(Invariant::Floor, last - after)];
            Ok(Some(Batch { last, is_full: last - after == rows, counted }))
        };
        let check = async |_, _| Ok(Vec::new());
        walk(0, next, check, Duration::from_secs(10), &mut tally, &Silent).await.unwrap();
        assert!(tally.of(Invariant::Floor).checked >= 10_000);
    }

    #[tokio::test]
    async fn a_database_that_says_nothing_ends_the_audit_at_once() {
        let asked = Cell::new(0);
        let next = async |_: u64, _: u64| {
            asked.set(asked.get() + 1);
            std::future::pending::<Result<Option<Batch<u64, [(Invariant, u64); 1]>>, StoreError>>().await
        };
        let check = async |_, _| Ok(Vec::new());
        let mut tally = Tally::default();
        let end = walk(0, next, check, Duration::from_millis(1), &mut tally, &Silent).await;
        assert!(end.unwrap_err().source.to_string().contains("did not answer"));
        assert_eq!(asked.get(), 1);
    }

    #[tokio::test]
    async fn a_database_that_is_away_ends_the_audit() {
        let (asked, end, tally) = walked(0).await;
        assert_eq!(end.unwrap_err().class, ErrorClass::Broken);
        assert_eq!(asked.len(), 1 + FAILURES_IN_ROW as usize);
        assert_eq!(tally.of(Invariant::Floor).checked, 0);
    }
}
