use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use super::{Circuit, Condition, Dial, Lease, Limits, OPENED_AT_ONCE, Pool, TRUSTED_IDLE};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};

/// An endpoint, and how it behaves.
struct Fake {
    opened: AtomicU32,
    /// Sockets that are open or being opened.
    open: Arc<AtomicU32>,
    most_open: AtomicU32,
    /// Sockets that it will still accept.
    accepts: Semaphore,
    is_full: AtomicBool,
    is_down: AtomicBool,
    answers: AtomicBool,
    circuit: Arc<Circuit>,
}

struct Socket {
    number: u32,
    is_busy: bool,
    is_gone: bool,
    _counted: Counted,
}

struct Counted(Arc<AtomicU32>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Dial for Fake {
    type Socket = Socket;
    const SETTING: Option<&'static str> = Some("MOST");

    fn peer(&self) -> String {
        "the fake".to_owned()
    }

    fn connect_timeout(&self) -> Duration {
        Duration::from_millis(50)
    }

    async fn dial(&self, _: Deadline) -> Result<Socket> {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        let counted = Counted(Arc::clone(&self.open));
        self.most_open.fetch_max(open, Ordering::SeqCst);
        yield_now().await;
        if self.is_full.load(Ordering::SeqCst) {
            return Err(Error::new(Code::PoolExhausted, "too many clients"));
        }
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Error::new(Code::DbConnectionFailed, "refused"));
        }
        self.accepts.acquire().await.unwrap().forget();
        let number = self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Socket { number, is_busy: false, is_gone: false, _counted: counted })
    }

    fn is_settled(&self, socket: &Socket) -> bool {
        !socket.is_busy
    }

    fn condition(&self, socket: &mut Socket) -> Condition {
        if socket.is_gone { Condition::Gone } else { Condition::Trusted }
    }

    async fn is_alive(&self, _: &mut Socket) -> bool {
        yield_now().await;
        self.answers.load(Ordering::SeqCst)
    }

    fn circuit(&self) -> Option<&Arc<Circuit>> {
        Some(&self.circuit)
    }
}

fn pool(most: u32) -> Arc<Pool<Fake>> {
    let fake = Fake {
        opened: AtomicU32::new(0),
        open: Arc::default(),
        most_open: AtomicU32::new(0),
        accepts: Semaphore::new(1_000_000),
        is_full: AtomicBool::new(false),
        is_down: AtomicBool::new(false),
        answers: AtomicBool::new(true),
        circuit: Arc::new(Circuit::new(Duration::from_secs(1))),
    };
    Pool::new(fake, Limits::of(most, Duration::from_secs(60)))
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

async fn lease(pool: &Arc<Pool<Fake>>) -> Lease<Fake> {
    pool.lease(soon()).await.unwrap()
}

/// A request for a socket, which has come as far as it can by now.
async fn asked(pool: &Arc<Pool<Fake>>) -> tokio::task::JoinHandle<Result<Lease<Fake>>> {
    let pool = Arc::clone(pool);
    let asking = tokio::spawn(async move { pool.lease(soon()).await });
    for _ in 0..10 {
        yield_now().await;
    }
    asking
}

fn open(pool: &Pool<Fake>) -> u32 {
    pool.dialer.open.load(Ordering::SeqCst)
}

#[tokio::test]
async fn the_socket_that_was_used_last_is_lent_first() {
    let pool = pool(3);
    let [first, second] = [lease(&pool).await, lease(&pool).await];
    assert!(!first.is_reused());
    let number = first.number;
    drop(second);
    drop(first);
    let again = lease(&pool).await;
    assert!(again.is_reused());
    assert_eq!(again.number, number);
    let gauge = pool.gauge();
    assert_eq!((gauge.open, gauge.in_use, gauge.waiting), (2, 1, 0));
}

#[tokio::test]
async fn no_more_are_open_than_may_be_whenever_requests_are_given_up() {
    let pool = pool(3);
    let requests = (0..2000_u32).map(|n| {
        let pool = Arc::clone(&pool);
        tokio::spawn(async move {
            let work = async {
                let mut lease = pool.lease(soon()).await.unwrap();
                lease.is_busy = n % 5 == 0;
                if n % 7 == 0 {
                    lease = lease.replace(soon()).await.unwrap();
                }
                yield_now().await;
                drop(lease);
            };
            let giving_up = async {
                for _ in 0..n % 13 {
                    yield_now().await;
                }
            };
            tokio::select! {
                () = work => {}
                () = giving_up, if n % 3 == 0 => {}
            }
        })
    });
    // A hundred at a time, as no more may wait.
    let mut requests = requests.peekable();
    while requests.peek().is_some() {
        for done in join_all(requests.by_ref().take(100)).await {
            done.unwrap();
        }
    }
    assert!(pool.dialer.most_open.load(Ordering::SeqCst) <= 3);
    let gauge = pool.gauge();
    assert_eq!((gauge.in_use, gauge.waiting, gauge.open), (0, 0, open(&pool)));
    let _all = [lease(&pool).await, lease(&pool).await, lease(&pool).await];
}

#[tokio::test]
async fn so_many_wait_and_no_more_and_whoever_came_first_is_served_first() {
    let pool = pool(1);
    let held = lease(&pool).await;
    let mut waiting: Vec<_> = (0..50).map(|_| Box::pin(pool.lease(soon()))).collect();
    for one in &mut waiting {
        assert!(one.now_or_never().is_none());
    }
    assert_eq!(pool.gauge().waiting, 50);
    let refused = pool.lease(soon()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PoolExhausted);
    assert!(refused.message().ends_with("or raise MOST"), "{refused}");
    drop(held);
    assert!(waiting.pop().unwrap().now_or_never().is_none());
    let first = waiting.remove(0).await.unwrap();
    drop(waiting);
    drop(first);
    assert_eq!(pool.gauge().waiting, 0);
    assert!(lease(&pool).await.is_reused());
}

#[tokio::test]
async fn waiting_ends_with_the_deadline() {
    let pool = pool(1);
    let _held = lease(&pool).await;
    let late = pool.lease(Deadline::after(Duration::from_millis(20))).await.unwrap_err();
    assert_eq!(late.code(), Code::PoolExhausted);
    let passed = pool.lease(Deadline::after(Duration::ZERO)).await.unwrap_err();
    assert_eq!(passed.code(), Code::DbTimeout);
}

#[tokio::test]
async fn few_are_opened_at_once_and_what_comes_back_meanwhile_is_used() {
    let pool = pool(10);
    let held = lease(&pool).await;
    let number = held.number;
    let before = pool.dialer.accepts.available_permits();
    pool.dialer.accepts.forget_permits(before);
    let opening = [asked(&pool).await, asked(&pool).await];
    let queued = asked(&pool).await;
    assert_eq!(open(&pool), 1 + u32::try_from(OPENED_AT_ONCE).unwrap());
    drop(held);
    // Its turn comes when one of the others is done.
    pool.dialer.accepts.add_permits(1);
    let queued = queued.await.unwrap().unwrap();
    assert_eq!(queued.number, number);
    pool.dialer.accepts.add_permits(1);
    for opened in opening {
        assert!(!opened.await.unwrap().unwrap().is_reused());
    }
    assert_eq!(pool.dialer.opened.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn when_the_server_has_no_more_to_give_those_that_there_are_are_shared() {
    let pool = pool(10);
    let held = lease(&pool).await;
    pool.dialer.is_full.store(true, Ordering::SeqCst);
    let others = [asked(&pool).await, asked(&pool).await];
    let gauge = pool.gauge();
    assert_eq!((gauge.in_use, gauge.waiting), (1, 2));
    let number = held.number;
    drop(held);
    for other in others {
        assert_eq!(other.await.unwrap().unwrap().number, number);
    }
    assert_eq!(pool.gauge().in_use, 0);
}

#[tokio::test]
async fn a_server_that_has_none_to_give_at_all_says_so() {
    let pool = pool(10);
    pool.dialer.is_full.store(true, Ordering::SeqCst);
    let refused = pool.lease(soon()).await.unwrap_err();
    assert_eq!(refused.message(), "too many clients");
}

#[tokio::test]
async fn idle_ones_can_be_closed_and_all_can_be_given_up() {
    let pool = pool(3);
    let (one, other) = (lease(&pool).await, lease(&pool).await);
    drop(one);
    pool.clear();
    assert_eq!(open(&pool), 1);
    drop(other);
    let (one, other) = (lease(&pool).await, lease(&pool).await);
    assert!(one.is_reused() && !other.is_reused());
    drop(one);
    pool.retire();
    assert_eq!(open(&pool), 1);
    drop(other);
    assert_eq!(open(&pool), 0);
    assert!(!lease(&pool).await.is_reused());
}

#[tokio::test]
async fn old_ones_and_those_that_nobody_uses_are_closed() {
    let pool = pool(3);
    let long_ago = Instant::now().checked_sub(Duration::from_secs(61)).unwrap();
    for sweep in [true, false] {
        for old in [true, false] {
            drop(lease(&pool).await);
            match &mut pool.idle.lock()[0] {
                open if old => open.expires = long_ago,
                open => open.idle_since = long_ago,
            }
            if sweep {
                pool.sweep();
                assert_eq!(open(&pool), 0);
            } else {
                assert!(!lease(&pool).await.is_reused());
            }
        }
    }
}

#[tokio::test]
async fn one_that_was_idle_for_long_is_tried_before_it_is_lent() {
    let pool = pool(3);
    for answers in [true, false] {
        drop(lease(&pool).await);
        pool.dialer.answers.store(answers, Ordering::SeqCst);
        assert!(lease(&pool).await.is_reused(), "it is trusted");
        pool.idle.lock()[0].idle_since = Instant::now().checked_sub(TRUSTED_IDLE).unwrap();
        assert_eq!(lease(&pool).await.is_reused(), answers);
        assert_eq!(open(&pool), 1);
    }
}

#[tokio::test]
async fn what_is_of_no_more_use_is_not_lent_again() {
    let pool = pool(3);
    let mut busy = lease(&pool).await;
    busy.is_busy = true;
    drop(busy);
    assert_eq!(open(&pool), 0);
    let mut gone = lease(&pool).await;
    gone.is_gone = true;
    drop(gone);
    let given_up = lease(&pool).await;
    assert!(!given_up.is_reused());
    given_up.close();
    assert_eq!((open(&pool), pool.gauge().in_use), (0, 0));
}

#[tokio::test]
async fn another_in_its_place_is_a_new_one() {
    let pool = pool(2);
    let (first, second) = (lease(&pool).await, lease(&pool).await);
    drop(first);
    let number = second.number;
    let replaced = second.replace(soon()).await.unwrap();
    assert!(!replaced.is_reused() && replaced.number > number);
    assert_eq!((open(&pool), pool.gauge().in_use), (2, 1));
}

#[tokio::test]
async fn closing_refuses_those_who_wait_and_closes_what_comes_back() {
    let pool = pool(2);
    let held = lease(&pool).await;
    pool.dialer.accepts.forget_permits(1_000_000);
    let (opening, waiting) = (asked(&pool).await, asked(&pool).await);
    pool.close();
    for asked in [opening, waiting] {
        let error = asked.await.unwrap().unwrap_err();
        assert_eq!(error.message(), "the connections to the fake were closed");
    }
    assert!(pool.lease(soon()).await.is_err());
    drop(held);
    let gauge = pool.gauge();
    assert_eq!((open(&pool), gauge.open, gauge.waiting), (0, 0, 0));
}

#[tokio::test]
async fn an_attempt_that_had_its_time_is_the_endpoints_failure() {
    let pool = pool(2);
    pool.dialer.accepts.forget_permits(1_000_000);
    let short = pool.lease(Deadline::after(Duration::from_millis(10))).await.unwrap_err();
    assert_eq!((short.code(), short.endpoint_failure()), (Code::DbTimeout, None));
    assert!(!pool.dialer.circuit.is_open());
    let long = pool.lease(soon()).await.unwrap_err();
    assert_eq!(long.endpoint_failure(), Some("connecting to the fake took too long"));
    assert!(pool.dialer.circuit.is_open());
}

#[tokio::test]
async fn nobody_waits_for_an_endpoint_that_is_down_and_what_is_open_is_lent() {
    let pool = pool(2);
    let held = lease(&pool).await;
    pool.dialer.is_down.store(true, Ordering::SeqCst);
    assert_eq!(pool.lease(soon()).await.unwrap_err().message(), "refused");
    let tried = pool.dialer.most_open.load(Ordering::SeqCst);
    assert!(pool.lease(soon()).await.unwrap_err().details().contains_key("circuit"));
    assert_eq!(pool.dialer.most_open.load(Ordering::SeqCst), tried);
    drop(held);
    assert!(lease(&pool).await.is_reused());
    pool.close();
}
