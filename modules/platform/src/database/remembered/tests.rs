use std::{cell::Cell, collections::BTreeMap};

use chrono::TimeDelta;

use super::*;
use crate::database::{ErrorClass, Writes, scratch::Scratch};

type Told = Result<Answer<Outcome<u32, String>>, OnceError>;

async fn open() -> Scratch {
    let scratch = Scratch::open().await;
    create_table(&SchemaManager::new(scratch.database.writer())).await.unwrap();
    scratch
}

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::parse(&format!("{name:-<16}")).unwrap()
}

fn keyed(name: &str, asked: &str) -> Keyed {
    Keyed { key: key(name), hash: RequestHash::of("POST /test", &asked).unwrap() }
}

fn replayed(told: Told) -> (Outcome<u32, String>, bool) {
    let told = told.unwrap();
    (told.value, told.replayed)
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_changes_nothing() {
    let scratch = open().await;
    let runs = Cell::new(0);
    let ask = async |name, asked| {
        once(&scratch.database, &keyed(name, asked), async |_| {
            runs.set(runs.get() + 1);
            Ok(runs.get())
        })
        .await
    };
    assert_eq!(replayed(ask("a", "this").await), (Ok(1), false));
    assert_eq!(replayed(ask("a", "this").await), (Ok(1), true));
    assert!(matches!(ask("a", "that").await, Err(OnceError::KeyReused)));
    assert_eq!(replayed(ask("b", "that").await), (Ok(2), false));
    assert_eq!(runs.get(), 2);
    for (name, used) in [("a", true), ("b", true), ("c", false)] {
        assert_eq!(is_used(scratch.database.reader(), &key(name)).await.unwrap(), used, "{name}");
    }
}

#[tokio::test]
async fn a_refusal_is_an_answer_too() {
    let scratch = open().await;
    let request = keyed("a", "this");
    let refused: Told =
        once(&scratch.database, &request, async |_| Err(Stop::Refused("no".to_owned()))).await;
    assert_eq!(replayed(refused), (Err("no".to_owned()), false));
    let late: Told = once(&scratch.database, &request, async |_| Ok(1)).await;
    assert_eq!(replayed(late), (Err("no".to_owned()), true));
}

#[tokio::test]
async fn what_the_database_could_not_do_is_redone_or_forgotten() {
    let scratch = open().await;
    let failing = async |class: ErrorClass| -> Told {
        let runs = Cell::new(0);
        once(&scratch.database, &keyed("a", "this"), async |_| {
            runs.set(runs.get() + 1);
            match runs.get() {
                1 => Err(StoreError { class: class.clone(), ..StoreError::corrupt("as it was told") }.into()),
                runs => Ok(runs),
            }
        })
        .await
    };
    assert!(matches!(failing(ErrorClass::Other).await, Err(OnceError::Store(_))));
    assert!(!is_used(scratch.database.reader(), &key("a")).await.unwrap());
    assert_eq!(replayed(failing(ErrorClass::Contention).await), (Ok(2), false));
}

#[tokio::test]
async fn many_keys_are_remembered_together_and_once() {
    let scratch = open().await;
    let remembered = |name, answer: u32| {
        let Keyed { key, hash } = keyed(name, "this");
        (key.as_str().to_owned(), Remembered::new(hash, &answer).unwrap())
    };
    let answers = BTreeMap::from([remembered("a", 1), remembered("b", 2)]);
    let remember = async || {
        let write = async |transaction: &DatabaseTransaction| {
            let mut writes = Writes::to(transaction.get_database_backend());
            remember_all(&mut writes, &answers);
            writes.execute(transaction).await
        };
        scratch.database.write(write).await
    };
    remember().await.unwrap();
    let find = find_all(scratch.database.backend(), &[key("a"), key("b"), key("c")]);
    let found = found(&scratch.database.read_grouped(find).await.unwrap()).unwrap();
    let read: Vec<u32> = found.values().map(|remembered| remembered.read().unwrap()).collect();
    assert_eq!(read, [1, 2]);
    assert!(is_key_race(&remember().await.unwrap_err()));
    assert!(!is_key_race(&StoreError::corrupt("another failure")));
}

#[tokio::test]
async fn answers_are_forgotten_when_they_are_old_a_batch_at_a_time() {
    let scratch = open().await;
    for (name, hours) in [("young", 47), ("old-1", 49), ("old-2", 49), ("old-3", 1000)] {
        let row = row::ActiveModel {
            key: Set(key(name).as_str().to_owned()),
            request_hash: Set(vec![0; 32]),
            answer: Set(Some("1".to_owned())),
            created_at: Set(clock::now() - TimeDelta::hours(hours)),
        };
        row::Entity::insert(row).exec_without_returning(scratch.database.writer()).await.unwrap();
    }
    let settings = IdempotencySettings { keep_days: 2, purge_every_ms: 1000, purge_batch: 2 };
    for expected in [2, 1, 0] {
        assert_eq!(purge(&scratch.database, &settings).await.unwrap(), expected);
    }
    assert!(is_used(scratch.database.reader(), &key("young")).await.unwrap());
}
