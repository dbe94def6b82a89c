//! How long orders stay undecided once the services are well again.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use tokio::time::sleep;
use uuid::Uuid;

use crate::{check::Connection, shop::Shop};

/// An order that is pending at both ends of it is nobody's who is just asking.
const LEFT_FOR: Duration = Duration::from_millis(300);
/// I9: nothing is pending longer while the services are well.
pub const DECIDED_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// What the faults left undecided.
pub struct Resolved {
    /// For each order, since the services were well; none where it was decided before they all were.
    pub after: Vec<Duration>,
    /// Still undecided after 30 s.
    pub never: Vec<Uuid>,
}

/// What is pending as the faults end, and is not just being asked for. Nothing where the database is not back yet.
pub async fn left_by_faults(shop: &Shop) -> HashSet<Uuid> {
    still_pending(shop).await.unwrap_or_default()
}

/// Waits until all that is pending now is decided. The services are well, and `left` was pending before they were.
///
/// # Errors
/// When the order database cannot be read.
pub async fn resolve(shop: &Shop, left: HashSet<Uuid>) -> anyhow::Result<Resolved> {
    let well = Instant::now();
    let mut waiting = still_pending(shop).await?;
    let mut after = vec![Duration::ZERO; left.difference(&waiting).count()];
    let mut database = Connection::open(&shop.order).await?;
    while !waiting.is_empty() && well.elapsed() < DECIDED_WITHIN {
        sleep(POLL).await;
        let still = pending(&mut database).await?;
        let before = waiting.len();
        waiting.retain(|order| still.contains(order));
        after.extend(std::iter::repeat_n(well.elapsed(), before - waiting.len()));
    }
    Ok(Resolved { after, never: waiting.into_iter().collect() })
}

async fn still_pending(shop: &Shop) -> anyhow::Result<HashSet<Uuid>> {
    let mut database = Connection::open(&shop.order).await?;
    let mut left = pending(&mut database).await?;
    sleep(LEFT_FOR).await;
    let still = pending(&mut database).await?;
    left.retain(|order| still.contains(order));
    Ok(left)
}

async fn pending(database: &mut Connection) -> anyhow::Result<HashSet<Uuid>> {
    let mut orders = HashSet::new();
    let read = database.each("SELECT id FROM orders WHERE status = 'pending'", |row| {
        orders.insert(row.get(0)?);
        Ok(())
    });
    read.await?;
    Ok(orders)
}
