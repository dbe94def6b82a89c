use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{sync::Notify, task::JoinHandle};

use super::*;
use crate::database::scratch::Scratch;

/// Doubles numbers; what it is told to fail with, and how the groups were cut.
#[derive(Default)]
struct Doubling {
    groups: Mutex<Vec<Vec<i64>>>,
    go: Notify,
    /// Fails whenever this one is in the group.
    bad: Option<(i64, ErrorClass)>,
    /// How long each takes.
    takes: Duration,
    under_way: AtomicUsize,
}

/// Shared with the test.
struct Shared(Arc<Doubling>);

impl GroupWork for Shared {
    type Ask = i64;
    type Answer = i64;

    const HAS_ADMISSION: bool = false;

    async fn run(&self, asks: Arc<[i64]>) -> Result<Vec<i64>, StoreError> {
        self.0.groups.lock().unwrap().push(asks.to_vec());
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        if asks.contains(&0) {
            self.0.go.notified().await;
        }
        tokio::time::sleep(self.0.takes).await;
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
        assert!(!asks.contains(&13), "as it was told");
        match &self.0.bad {
            Some((bad, class)) if asks.contains(bad) => Err(StoreError::of(class.clone(), "as it was told")),
            _ => Ok(asks.iter().map(|ask| ask * 2).collect()),
        }
    }
}

struct Rig {
    _scratch: Scratch,
    work: Arc<Doubling>,
    writer: Groups<Shared>,
}

impl Rig {
    async fn new(bad: Option<(i64, ErrorClass)>) -> Self {
        Self::that_takes(Duration::ZERO, bad).await
    }

    async fn that_takes(takes: Duration, bad: Option<(i64, ErrorClass)>) -> Self {
        let scratch = Scratch::open().await;
        let work = Arc::new(Doubling { bad, takes, ..Doubling::default() });
        let writer = scratch.database.in_groups(|_| Shared(work.clone()));
        Self { _scratch: scratch, work, writer }
    }

    /// A group that is under way until it is let go.
    async fn begin_one(&self) -> JoinHandle<Result<i64, StoreError>> {
        let writer = self.writer.clone();
        let first = tokio::spawn(async move { writer.ask(0).await });
        wait_until(|| self.work.under_way.load(Ordering::SeqCst) == 1).await;
        first
    }

    /// Asks for all of them at once while a group is under way; answers what each was told.
    async fn ask_behind_one(&self, numbers: std::ops::RangeInclusive<i64>) -> Vec<Result<i64, ErrorClass>> {
        let first = self.begin_one().await;
        let asked = futures_util::future::join_all(numbers.map(|number| self.writer.ask(number)));
        let (told, ()) = tokio::join!(asked, async {
            tokio::task::yield_now().await;
            self.work.go.notify_one();
        });
        assert_eq!(first.await.unwrap().unwrap(), 0);
        told.into_iter().map(|told| told.map_err(|error| error.class)).collect()
    }

    fn groups(&self) -> Vec<Vec<i64>> {
        self.work.groups.lock().unwrap().clone()
    }
}

async fn wait_until(is_so: impl Fn() -> bool) {
    for _ in 0..5000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it never was");
}

#[tokio::test]
async fn a_group_is_what_queued_up_meanwhile_and_no_larger_than_allowed() {
    let rig = Rig::new(None).await;
    let told = rig.ask_behind_one(1..=6).await;
    assert_eq!(told, (1..=6).map(|number| Ok(number * 2)).collect::<Vec<_>>());
    assert_eq!(rig.groups(), [vec![0], vec![1, 2, 3, 4], vec![5, 6]]);
}

#[tokio::test]
async fn one_that_the_database_refuses_fails_alone() {
    for class in [ErrorClass::Refused, ErrorClass::Duplicate("key".into()), ErrorClass::Other] {
        let rig = Rig::new(Some((2, class.clone()))).await;
        let told = rig.ask_behind_one(1..=3).await;
        assert_eq!(told, [Ok(2), Err(class.clone()), Ok(6)]);
        assert_eq!(rig.groups(), [vec![0], vec![1, 2, 3], vec![1], vec![2], vec![3]]);
        assert_eq!(rig.writer.ask(2).await.unwrap_err().class, class);
        assert_eq!(rig.groups().len(), 6, "one that is alone is not written again");
    }
}

#[tokio::test]
async fn one_by_one_each_has_the_time_of_a_group() {
    let rig = Rig::that_takes(Duration::from_millis(900), Some((2, ErrorClass::Refused))).await;
    assert_eq!(rig.ask_behind_one(1..=3).await, [Ok(2), Err(ErrorClass::Refused), Ok(6)]);
}

#[tokio::test]
async fn one_by_one_not_all_have_a_turn_where_each_takes_long() {
    let scratch = Scratch::open().await;
    let mut database = scratch.database.clone();
    (database.groups.size, database.groups.timeout_ms) = (16, 400);
    let (bad, takes) = (Some((102, ErrorClass::Refused)), Duration::from_millis(150));
    let work = Arc::new(Doubling { bad, takes, ..Doubling::default() });
    let writer = database.in_groups(|_| Shared(work.clone()));
    let told = Rig { _scratch: scratch, work, writer }.ask_behind_one(101..=116).await;
    assert_eq!((&told[0], &told[15]), (&Ok(202), &Err(ErrorClass::NotSent)));
}

#[tokio::test]
async fn more_than_may_wait_are_told_so_at_once() {
    let rig = Rig::new(None).await;
    let places = i64::try_from(crate::database::scratch::settings().groups.queue).unwrap();
    let told = rig.ask_behind_one(101..=102 + places).await;
    let let_in = (101..=100 + places).map(|number| Ok(number * 2));
    assert_eq!(told, let_in.chain([Err(ErrorClass::Full), Err(ErrorClass::Full)]).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_may_have_been_written_is_not_written_again_and_all_are_told() {
    for class in [ErrorClass::CommitUnknown, ErrorClass::Broken, ErrorClass::NotSent] {
        let rig = Rig::new(Some((2, class.clone()))).await;
        let told = rig.ask_behind_one(1..=3).await;
        assert_eq!(told, [Err(class.clone()), Err(class.clone()), Err(class)]);
        assert_eq!(rig.groups(), [vec![0], vec![1, 2, 3]]);
    }
}

#[tokio::test]
async fn who_left_before_its_group_began_leaves_nothing_behind() {
    let rig = Rig::new(None).await;
    let first = rig.begin_one().await;
    assert!(timeout(Duration::from_millis(5), rig.writer.ask(1)).await.is_err());
    rig.work.go.notify_one();
    assert_eq!(first.await.unwrap().unwrap(), 0);
    assert_eq!(rig.writer.ask(2).await.unwrap(), 4);
    assert_eq!(rig.groups(), [vec![0], vec![2]]);
}

#[tokio::test]
async fn a_group_that_does_not_end_holds_up_the_others_for_a_moment_only_and_is_given_up() {
    let rig = Rig::new(None).await;
    let stuck = rig.begin_one().await;
    assert_eq!(rig.writer.ask(1).await.unwrap(), 2);
    assert!(!stuck.is_finished(), "the other went on beside it");
    assert_eq!(stuck.await.unwrap().unwrap_err().class, ErrorClass::CommitUnknown);
}

#[tokio::test]
async fn after_one_that_was_given_up_the_next_has_twice_as_long() {
    let rig = Rig::new(None).await;
    assert_eq!(rig.writer.ask(0).await.unwrap_err().class, ErrorClass::CommitUnknown);
    for is_in_time in [true, false] {
        let (told, ()) = tokio::join!(rig.writer.ask(0), async {
            tokio::time::sleep(Duration::from_millis(2600)).await;
            rig.work.go.notify_one();
        });
        assert_eq!(told.is_ok(), is_in_time, "{told:?}");
    }
}

#[tokio::test]
async fn a_panic_is_told_to_its_group_and_the_next_is_written() {
    let rig = Rig::new(None).await;
    assert_eq!(rig.writer.ask(13).await.unwrap_err().class, ErrorClass::CommitUnknown);
    assert_eq!(rig.writer.ask(1).await.unwrap(), 2);
}

#[test]
fn where_its_runtime_has_ended_the_writer_begins_anew_on_the_next() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let rig = first.block_on(Rig::new(None));
    assert_eq!(first.block_on(rig.writer.ask(1)).unwrap(), 2);
    drop(first);
    assert_eq!(runtime().block_on(rig.writer.ask(2)).unwrap(), 4);
}
