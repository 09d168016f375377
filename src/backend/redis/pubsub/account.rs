//! What one user may ask of a connection's channels, over all of their subscriptions.
//!
//! Every topic costs the server a command, and every pattern is tried with every message that
//! anybody publishes: who has many slows everybody down.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::topic::{Topic, TopicKind};
use crate::error::{Code, Error, Result};

/// Topics of one subscriber, and of one user.
pub(crate) const MAX_TOPICS: usize = 1000;
const MAX_TOPICS_OF_USER: usize = 10_000;

/// Patterns of one user, and the length of one.
const MAX_PATTERNS: usize = 100;
const MAX_PATTERN: usize = 1024;

/// Topics that a user may subscribe to and leave at once, and per second from then on.
const BURST: f64 = 5000.0;
const PER_SECOND: f64 = 500.0;
/// Reading so much of a request is as much work as a topic.
const BYTES_PER_TOPIC: usize = 256;

/// One user's account.
#[derive(Debug)]
pub(super) struct Account(Mutex<Books>);

#[derive(Debug)]
struct Books {
    topics: usize,
    patterns: usize,
    /// Below zero is what was taken in advance.
    credit: f64,
    counted: Instant,
}

impl Default for Account {
    fn default() -> Self {
        let books = Books { topics: 0, patterns: 0, credit: BURST, counted: Instant::now() };
        Self(Mutex::new(books))
    }
}

impl Books {
    fn earn(&mut self, now: Instant) {
        let earned = now.duration_since(self.counted).as_secs_f64() * PER_SECOND;
        self.credit = (self.credit + earned).min(BURST);
        self.counted = now;
    }
}

impl Account {
    /// Whether the user may ask for anything now. To read so many bytes costs something, too.
    pub(super) fn admit(&self, bytes: usize) -> Result<()> {
        self.admit_at(Instant::now())?;
        self.spend(1 + bytes / BYTES_PER_TOPIC);
        Ok(())
    }

    fn admit_at(&self, now: Instant) -> Result<()> {
        let mut books = self.0.lock();
        books.earn(now);
        if books.credit > 0.0 {
            return Ok(());
        }
        let wait = Duration::from_secs_f64((1.0 - books.credit) / PER_SECOND);
        let message =
            format!("wait: you change more than {PER_SECOND} channels a second on this connection");
        Err(Error::new(Code::RateLimited, message).retry_after(wait))
    }

    /// Counts topics that were asked for or left. What is more than there is left is paid off later.
    pub(super) fn spend(&self, topics: usize) {
        let topics = u32::try_from(topics).unwrap_or(u32::MAX);
        self.0.lock().credit -= f64::from(topics);
    }

    /// Whether it is as good as new.
    pub(super) fn is_settled(&self) -> bool {
        let mut books = self.0.lock();
        books.earn(Instant::now());
        books.topics == 0 && books.credit >= BURST
    }

    /// Books topics for a subscriber that has `held` already; all of them, or none.
    pub(super) fn book(&self, held: usize, topics: &HashSet<Topic>) -> Result<()> {
        let of = |kind| topics.iter().filter(move |topic: &&Topic| topic.kind == kind);
        if of(TopicKind::Pattern).any(|pattern| pattern.name.len() > MAX_PATTERN) {
            return Err(too_much(format!("a pattern has at most {MAX_PATTERN} bytes")));
        }
        if held + topics.len() > MAX_TOPICS {
            return Err(too_many());
        }
        let patterns = of(TopicKind::Pattern).count();
        let mut books = self.0.lock();
        if books.topics + topics.len() > MAX_TOPICS_OF_USER {
            return Err(too_much(format!(
                "leave some channels first: one user has at most {MAX_TOPICS_OF_USER} on a connection"
            )));
        }
        if books.patterns + patterns > MAX_PATTERNS {
            return Err(too_much(format!(
                "leave some patterns first, or name channels: one user has at most {MAX_PATTERNS} \
                 patterns on a connection"
            )));
        }
        books.topics += topics.len();
        books.patterns += patterns;
        Ok(())
    }

    /// Takes a topic off the books.
    pub(super) fn strike(&self, topic: &Topic) {
        let mut books = self.0.lock();
        books.topics -= 1;
        books.patterns -= usize::from(topic.kind == TopicKind::Pattern);
    }
}

/// What a subscriber is told that asks for too many topics.
pub(crate) fn too_many() -> Error {
    too_much(format!("a subscriber has at most {MAX_TOPICS} channels and patterns"))
}

fn too_much(message: String) -> Error {
    Error::new(Code::PayloadTooLarge, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(kind: TopicKind, names: std::ops::Range<usize>) -> HashSet<Topic> {
        names.map(|n| Topic { kind, name: n.to_string().into() }).collect()
    }

    #[test]
    fn who_changes_much_waits_until_it_is_paid_off() {
        let account = Account::default();
        let now = Instant::now();
        for _ in 0..5 {
            account.admit_at(now).unwrap();
            account.spend(1001);
        }
        let refused = account.admit_at(now).unwrap_err();
        assert_eq!(refused.code(), Code::RateLimited);
        assert!(account.admit_at(now + Duration::from_secs(1)).is_ok());
        assert!(!account.is_settled());
    }

    #[test]
    fn a_user_has_so_many_topics_and_fewer_patterns() {
        let account = Account::default();
        let code = |booked: Result<()>| booked.unwrap_err().code();
        let patterns = topics(TopicKind::Pattern, 0..MAX_PATTERNS);
        account.book(0, &patterns).unwrap();
        let more = topics(TopicKind::Pattern, 0..1);
        assert_eq!(code(account.book(0, &more)), Code::PayloadTooLarge);
        for topic in &patterns {
            account.strike(topic);
        }
        account.book(0, &more).unwrap();
        for topic in &more {
            account.strike(topic);
        }

        let thousand = topics(TopicKind::Channel, 0..MAX_TOPICS);
        assert_eq!(code(account.book(1, &thousand)), Code::PayloadTooLarge);
        for _ in 0..MAX_TOPICS_OF_USER / MAX_TOPICS {
            account.book(0, &thousand).unwrap();
        }
        assert_eq!(code(account.book(0, &more)), Code::PayloadTooLarge);
        account.strike(thousand.iter().next().unwrap());
        account.book(0, &more).unwrap();

        let long = Topic { kind: TopicKind::Pattern, name: vec![b'*'; MAX_PATTERN + 1].into() };
        let long = HashSet::from([long]);
        assert_eq!(code(Account::default().book(0, &long)), Code::PayloadTooLarge);
    }
}
