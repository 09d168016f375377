//! What a shelf believes, and for how long.

use super::*;
use crate::error::Code;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

const MINUTE: Duration = Duration::from_secs(60);

fn shelf(believed_for: Duration) -> Shelf<&'static str, u32> {
    Shelf::new(10, believed_for, MINUTE)
}

fn down() -> Error {
    Error::new(Code::DbConnectionFailed, "refused")
}

#[tokio::test]
async fn a_value_is_read_once_while_it_is_believed() {
    let shelf = shelf(MINUTE);
    assert_eq!(shelf.get(&"a", false, async { Ok(1) }).await.unwrap().value, 1);
    assert_eq!(shelf.get(&"a", false, async { Ok(2) }).await.unwrap().value, 1);
    assert_eq!(shelf.get(&"a", true, async { Ok(3) }).await.unwrap().value, 3);
    assert_eq!(shelf.get(&"a", false, async { Ok(4) }).await.unwrap().value, 3);
}

#[tokio::test]
async fn callers_that_miss_together_read_once() {
    let shelf = Arc::new(shelf(MINUTE));
    let reads = Arc::new(AtomicU32::new(0));
    let callers = (0..50).map(|_| {
        let (shelf, reads) = (shelf.clone(), reads.clone());
        tokio::spawn(async move {
            let read = async {
                tokio::task::yield_now().await;
                Ok(reads.fetch_add(1, Ordering::SeqCst))
            };
            shelf.get(&"a", false, read).await.unwrap().value
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap(), 0);
    }
    assert_eq!(reads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_old_value_serves_during_an_outage_and_says_so() {
    let shelf = shelf(Duration::ZERO);
    shelf.get(&"a", false, async { Ok(1) }).await.unwrap();
    let held = shelf.get(&"a", false, async { Err(down()) }).await.unwrap();
    assert!(held.stale && held.value == 1);
    assert!(shelf.get(&"a", true, async { Err(down()) }).await.is_err());
}

#[tokio::test]
async fn a_value_that_is_gone_serves_no_longer() {
    let shelf = shelf(Duration::ZERO);
    shelf.get(&"a", false, async { Ok(1) }).await.unwrap();
    let gone = async { Err(Error::not_found("gone")) };
    assert!(shelf.get(&"a", false, gone).await.is_err());
    assert!(shelf.get(&"a", false, async { Err(down()) }).await.is_err());
}

#[tokio::test]
async fn a_value_read_across_a_change_is_not_kept() {
    let shelf = shelf(MINUTE);
    let read = async {
        shelf.forget(&"a").await;
        Ok(1)
    };
    assert_eq!(shelf.get(&"a", false, read).await.unwrap().value, 1);
    assert_eq!(shelf.get(&"a", false, async { Ok(2) }).await.unwrap().value, 2);
}

#[tokio::test]
async fn an_outage_is_waited_for_once_and_not_by_every_reader() {
    let shelf = shelf(Duration::ZERO);
    shelf.get(&"a", false, async { Ok(1) }).await.unwrap();
    let started = Instant::now();
    for _ in 0..100 {
        let held = shelf.get(&"a", false, std::future::pending()).await.unwrap();
        assert!(held.stale && held.value == 1);
    }
    assert!(started.elapsed() < PATIENCE * 10);
    let hurried = shelf.get(&"a", true, async { Ok(2) }).await.unwrap();
    assert!(!hurried.stale && hurried.value == 2);
}

#[tokio::test]
async fn an_old_value_does_not_serve_forever() {
    let shelf = Shelf::new(10, Duration::ZERO, Duration::from_millis(1));
    shelf.get(&"a", false, async { Ok(1) }).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert!(shelf.get(&"a", false, async { Err(down()) }).await.is_err());
}

#[tokio::test]
async fn doubted_values_are_read_again_but_survive_an_outage() {
    let shelf = shelf(MINUTE);
    shelf.get(&"a", false, async { Ok(1) }).await.unwrap();
    shelf.doubt_all();
    let held = shelf.get(&"a", false, async { Err(down()) }).await.unwrap();
    assert!(held.stale && held.value == 1);
    shelf.doubt_all();
    assert_eq!(shelf.get(&"a", false, async { Ok(2) }).await.unwrap().value, 2);
}

#[tokio::test]
async fn changed_values_are_forgotten_by_what_they_hold() {
    let shelf = shelf(MINUTE);
    shelf.get(&"a", false, async { Ok(1) }).await.unwrap();
    shelf.get(&"b", false, async { Ok(2) }).await.unwrap();
    shelf.forget_where(|value| *value == 1).await;
    assert_eq!(shelf.get(&"a", false, async { Ok(3) }).await.unwrap().value, 3);
    assert_eq!(shelf.get(&"b", false, async { Ok(4) }).await.unwrap().value, 2);
}
