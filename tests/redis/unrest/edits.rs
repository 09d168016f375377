//! Edits of single keys, with a ledger of what was told of each.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::Value;
use studio_multidb::backend::redis::Client;
use studio_multidb::backend::redis::values::edit::{Alone, Edit, Seen};
use studio_multidb::error::Result;
use studio_multidb::outcome::Outcome;

use super::scene::{Scene, Shift};
use super::{all, is_honest};
use crate::fixtures::soon;
use crate::support::{batch, connect};

/// Keys that are edited at most, each once.
const KEYS: usize = 3000;
/// Those that are edited before, and after.
const AT_REST: usize = 100;

/// Ways to edit a key; the last gives it another name.
const KINDS: usize = 6;

struct Ledger<'a> {
    scene: &'a Scene,
    client: &'a Client,
    next: AtomicUsize,
}

/// What was told of the edit of a key.
type Told = (usize, Outcome);

impl Ledger<'_> {
    fn key(&self, i: usize) -> String {
        self.scene.key("edit", i)
    }

    fn new_name(&self, i: usize) -> String {
        format!("{}:renamed", self.key(i))
    }

    /// How a key is edited. Each kind shows whether it ran, and whether it ran twice.
    fn kind(&self, i: usize) -> usize {
        i / self.scene.tags() % KINDS
    }

    fn renames(&self, i: usize) -> bool {
        self.kind(i) == KINDS - 1
    }

    async fn fill(&self) {
        let make = |i: usize| -> Vec<String> {
            let key = self.key(i);
            let make: &[&str] = match self.kind(i) {
                0 | 1 => &["RPUSH", "", "a"],
                2 | 3 => &["SET", "", "1"],
                4 => &["HSET", "", "f", "1"],
                _ => &["SET", "", "v"],
            };
            make.iter()
                .map(|word| if word.is_empty() { key.clone() } else { (*word).to_owned() })
                .collect()
        };
        all(self.client, (0..KEYS).map(make).collect()).await;
    }

    async fn run(&self, i: usize) -> Result<()> {
        let key = self.key(i);
        let text = |text: &str| text.as_bytes().to_vec();
        let edit: Edit = match self.kind(i) {
            0 => Edit::of("list").step("RPUSHX", vec![text("a")]).alone(Alone::NeedsKey),
            1 => Edit::of("list")
                .step("LSET", vec![text("0"), text("b")])
                .unless_changed([Seen::Element(0, text("a"))]),
            2 => Edit::of("string").step("INCRBY", vec![text("1")]),
            3 => Edit::of("string")
                .step("SET", ["2", "XX", "KEEPTTL"].map(text).to_vec())
                .unless_changed([Seen::Whole(text("1"))]),
            4 => Edit::of("hash").step("HINCRBY", vec![text("f"), text("1")]),
            _ => {
                let to = self.new_name(i);
                let renamed = self.client.rename(key.as_bytes(), to.as_bytes(), false, soon());
                return renamed.await.map(drop);
            }
        };
        self.client.edit(key.as_bytes(), &edit, None, soon()).await.map(drop)
    }

    /// Whether the edit of a key ran.
    async fn ran(&self, i: usize) -> bool {
        let key = self.key(i);
        let answers = match self.kind(i) {
            0 => batch(self.client, &[&["LLEN", &key]]).await,
            1 => batch(self.client, &[&["LINDEX", &key, "0"]]).await,
            2 | 3 => batch(self.client, &[&["GET", &key]]).await,
            4 => batch(self.client, &[&["HGET", &key, "f"]]).await,
            _ => {
                let new = self.new_name(i);
                batch(self.client, &[&["EXISTS", &key], &["EXISTS", &new]]).await
            }
        };
        let found: Vec<Value> = answers.into_iter().map(|answer| answer["ok"].clone()).collect();
        let words: Vec<String> =
            found.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["1" | "a"] | ["1", "0"] => false,
            ["2" | "b"] | ["0", "1"] => true,
            other => panic!("kind {}: {other:?}", self.kind(i)),
        }
    }

    /// Edits one key after the other, three at a time, as long as there is reason to.
    async fn go(&self, goes_on: impl Fn(usize) -> bool) -> Vec<Told> {
        let worker = async || {
            let mut told = Vec::new();
            loop {
                let i = self.next.fetch_add(1, Ordering::Relaxed);
                if i >= KEYS || !goes_on(i) {
                    // It is left for the next one who goes on.
                    self.next.fetch_sub(1, Ordering::Relaxed);
                    return told;
                }
                told.push((
                    i,
                    match self.run(i).await {
                        Ok(()) => Outcome::Applied,
                        Err(error) => {
                            assert!(is_honest(&error.code().as_str().into()), "{error}");
                            error.known_outcome()
                        }
                    },
                ));
            }
        };
        join_all((0..3).map(|_| worker())).await.concat()
    }

    /// How many of each outcome, and of those that were told as applied, how many are not there.
    async fn check(&self, told: &[Told]) -> (Counts, usize) {
        let (mut counts, mut lost) = (Counts::default(), 0);
        for &(i, outcome) in told {
            let ran = self.ran(i).await;
            match outcome {
                Outcome::Applied => {
                    counts.applied += 1;
                    lost += usize::from(!ran);
                }
                Outcome::NotApplied => {
                    counts.not_applied += 1;
                    assert!(!ran, "{i} was applied and is told not to be");
                }
                Outcome::Unknown => counts.unknown += 1,
            }
        }
        (counts, lost)
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    applied: usize,
    not_applied: usize,
    unknown: usize,
}

async fn are_told_as_they_were(shift: Shift) {
    let Some(scene) = Scene::of(shift).await else { return };
    let client = connect(&scene.url).await;
    let ledger = Ledger { scene: &scene, client: &client, next: AtomicUsize::new(0) };
    ledger.fill().await;
    let before = ledger.go(|i| i < AT_REST).await;
    scene.is_replicated().await;
    let mut shifting = scene.shift().await;
    // Some, however soon it is over.
    let some = AT_REST..AT_REST + 3;
    let goes_on = |i| shifting.is_under_way() && i < KEYS - AT_REST;
    let meanwhile = ledger.go(|i| some.contains(&i) || goes_on(i)).await;
    shifting.followed_by(&client).await;
    let from = ledger.next.load(Ordering::Relaxed);
    let after = ledger.go(|i| i < from + AT_REST).await;
    scene.end(shifting).await;
    let all_applied = Counts { applied: AT_REST, ..Counts::default() };
    let (counts, lost) = ledger.check(&meanwhile).await;
    assert!(counts.applied > 0, "{counts:?}");
    match shift {
        // Nobody goes away, so nothing is lost. But a slot that is under way takes no new name for a
        // key that it has.
        Shift::Slots => {
            let refused = |&&(i, told): &&Told| told == Outcome::NotApplied && !ledger.renames(i);
            assert_eq!((counts.unknown, lost), (0, 0), "{counts:?}");
            assert_eq!(meanwhile.iter().filter(refused).count(), 0, "{counts:?}");
        }
        Shift::Cluster => assert_eq!(lost, 0, "{counts:?}"),
        // Redis loses what the old primary takes before it is told that it is none. Nothing of that
        // was written twice, which is looked for with each.
        Shift::Sentinel => {}
    }
    assert_eq!(ledger.check(&before).await, (all_applied, 0));
    assert_eq!(ledger.check(&after).await, (all_applied, 0));
    let keys = (0..KEYS).flat_map(|i| [ledger.key(i), ledger.new_name(i)]);
    all(&client, keys.map(|key| vec!["UNLINK".to_owned(), key]).collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slots move"]
async fn edits_are_applied_once_while_slots_move() {
    are_told_as_they_were(Shift::Slots).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a replica takes over"]
async fn edits_are_told_as_they_were_while_a_replica_takes_over() {
    are_told_as_they_were(Shift::Cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "sentinels make another server the primary"]
async fn edits_are_told_as_they_were_while_sentinels_name_another_primary() {
    are_told_as_they_were(Shift::Sentinel).await;
}
