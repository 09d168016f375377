//! One connection that subscribes: made, kept alive, made again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use rand::Rng as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

use super::event::Event;
use super::hub::{Hub, Route};
use super::state::Signals;
use super::{Topic, notice};
use crate::backend::redis::wire::connection::{Connection, Lost, MAX_REPLY_BYTES, Stream};
use crate::backend::redis::wire::failure::{self, Refusal};
use crate::backend::redis::wire::resp::Decoder;
use crate::backend::redis::wire::{Commands, Effect};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::fanout::{Encoder, Frames};
use crate::outcome::Outcome;

/// A server that was silent this long is asked whether it lives, and given up after as long again.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A server that takes no bytes for this long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the cluster's map may take to be read.
pub(super) const REFRESH_TIMEOUT: Duration = Duration::from_secs(5);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

const READ_CHUNK: usize = 64 << 10;

/// Larger messages are not read: what is read is held in memory.
const MAX_MESSAGE: usize = MAX_REPLY_BYTES - READ_CHUNK;

/// Messages of one channel that come together leave together, up to this many bytes: what is
/// dropped for a slow reader is dropped in such pieces.
const PIECE: usize = 16 << 10;

/// What the server is to be told.
#[derive(Debug)]
pub(super) enum Order {
    /// By the question of this number.
    Subscribe(Topic, u64),
    Unsubscribe(Topic),
}

/// How long to wait before the next attempt.
pub(super) fn pause(attempt: u32) -> Duration {
    let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt.min(10)));
    pause.min(LONGEST_PAUSE).mul_f64(rand::rng().random_range(0.5..1.0))
}

/// Serves the topics of a route until there are none.
pub(super) async fn run(hub: Arc<Hub>, route: Route, signals: Arc<Signals>) {
    let unused = async {
        loop {
            signals.idle.notified().await;
            if hub.is_over(&route) {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = unused => {}
        () = serve(&hub, &route, &signals) => {}
    }
}

/// Connects, listens, and connects again.
async fn serve(hub: &Arc<Hub>, route: &Route, signals: &Signals) {
    let mut attempt = 0;
    loop {
        let error = match hub.dial(route, attempt).await {
            Ok(connection) => {
                hub.connected(route);
                let mut listener = Listener::new(connection);
                let lost = loop {
                    if let Err(lost) = listener.step(hub, route, signals).await {
                        break lost;
                    }
                };
                if listener.was_of_use {
                    attempt = 0;
                }
                lost
            }
            Err(error) if is_final(&error) => return hub.fail(route, &error),
            Err(error) => error,
        };
        hub.disconnected(route, &error);
        // Its slots may have another owner by now.
        if matches!(route, Route::Node(_)) {
            return hub.scatter(route);
        }
        tokio::time::sleep(pause(attempt)).await;
        attempt += 1;
    }
}

/// Whether trying again can't help.
fn is_final(error: &Error) -> bool {
    !matches!(error.code(), Code::DbConnectionFailed | Code::DbTimeout | Code::PoolExhausted)
}

impl Hub {
    async fn dial(&self, route: &Route, attempt: u32) -> Result<Connection> {
        match (route, &self.cluster) {
            (Route::Node(endpoint), _) => self.dialer.dial(Some(endpoint)).await,
            (Route::Any, None) => self.dialer.dial(None).await,
            (Route::Any, Some(cluster)) => {
                if attempt > 0 {
                    let _ = cluster.refresh(Deadline::after(REFRESH_TIMEOUT)).await;
                }
                // Any node will do: the next one, if one did not answer.
                let map = cluster.map();
                let at = attempt as usize % map.primaries.len().max(1);
                let endpoint = map.primaries.get(at).and_then(|p| p.node.endpoint.clone());
                self.dialer.dial(endpoint.as_ref()).await
            }
        }
    }
}

/// A connection that subscribes.
struct Listener {
    stream: Box<dyn Stream>,
    decoder: Decoder,
    input: BytesMut,
    /// What was asked and not answered, in order.
    asked: VecDeque<Asked>,
    heard: Instant,
    pinged: bool,
    /// The server has answered something.
    was_of_use: bool,
}

enum Asked {
    Order(Order),
    Ping,
}

/// What was heard, ready for those who wait for it.
enum Heard {
    Messages(Topic, Frames),
    Event(Event),
}

impl Listener {
    fn new(connection: Connection) -> Self {
        Self {
            stream: connection.into_stream(),
            decoder: Decoder::listening(MAX_MESSAGE),
            input: BytesMut::new(),
            asked: VecDeque::new(),
            heard: Instant::now(),
            pinged: false,
            was_of_use: false,
        }
    }

    /// Listens for a moment; fails when the connection is lost.
    async fn step(&mut self, hub: &Arc<Hub>, route: &Route, signals: &Signals) -> Result<()> {
        self.input.reserve(READ_CHUNK);
        let silence = self.heard + HEARTBEAT * (1 + u32::from(self.pinged));
        tokio::select! {
            read = self.stream.read_buf(&mut self.input) => match read {
                Ok(0) => Err(lost(&Lost::Io(std::io::ErrorKind::UnexpectedEof.into()))),
                Ok(_) => {
                    self.heard = Instant::now();
                    self.pinged = false;
                    self.hear(hub, route)
                }
                Err(error) => Err(lost(&error.into())),
            },
            () = signals.news.notified() => {
                let orders = hub.orders(route);
                self.send(orders.into_iter().map(Asked::Order)).await
            }
            () = signals.moved.notified() => {
                let message = "another server is the primary now";
                Err(Error::new(Code::DbConnectionFailed, message))
            }
            () = tokio::time::sleep_until(silence) => {
                if self.pinged {
                    let message = "Redis fell silent on the connection that subscribes";
                    return Err(Error::timeout(message, Outcome::NotApplied));
                }
                self.pinged = true;
                self.send([Asked::Ping]).await
            }
        }
    }

    async fn send(&mut self, asked: impl IntoIterator<Item = Asked>) -> Result<()> {
        let mut commands = Commands::default();
        for asked in asked {
            match &asked {
                // One by one: a server that refuses one of several would subscribe to none.
                Asked::Order(Order::Subscribe(topic, _)) => {
                    let [subscribe, _] = topic.kind.commands();
                    commands.push(Effect::Read, 0, &[subscribe, &topic.name]);
                }
                Asked::Order(Order::Unsubscribe(topic)) => {
                    let [_, unsubscribe] = topic.kind.commands();
                    commands.push(Effect::Read, 0, &[unsubscribe, &topic.name]);
                }
                Asked::Ping => commands.push(Effect::Read, 0, &[b"PING"]),
            }
            self.asked.push_back(asked);
        }
        let written = async {
            self.stream.write_all(commands.all()).await?;
            self.stream.flush().await
        };
        match timeout(WRITE_TIMEOUT, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lost(&error.into())),
            Err(_) => Err(Error::timeout("Redis takes no more commands", Outcome::NotApplied)),
        }
    }

    /// Takes in what has arrived.
    fn hear(&mut self, hub: &Arc<Hub>, route: &Route) -> Result<()> {
        let mut heard = Vec::new();
        let mut run: Option<Topic> = None;
        let mut encoder = Encoder::default();
        while let Some(value) = self.decoder.decode(&mut self.input).map_err(|e| lost(&e.into()))? {
            let event = Event::of(value);
            let next = match &event {
                Event::Message { topic, .. } => Some(topic),
                _ => None,
            };
            if run.as_ref() != next || encoder.len() > PIECE {
                let next = next.cloned();
                if let Some(topic) = std::mem::replace(&mut run, next) {
                    heard.push(Heard::Messages(topic, encoder.finish()));
                }
            }
            match event {
                Event::Message { topic, channel, data } => {
                    encoder.message(|out| {
                        notice::message(out, &topic, &channel, &data);
                        Ok(())
                    })?;
                }
                event => heard.push(Heard::Event(event)),
            }
        }
        if let Some(topic) = run {
            heard.push(Heard::Messages(topic, encoder.finish()));
        }
        if self.input.len() > MAX_REPLY_BYTES {
            return Err(lost(&Lost::TooLarge(MAX_REPLY_BYTES)));
        }
        self.was_of_use |= !heard.is_empty();
        heard.into_iter().try_for_each(|heard| match heard {
            Heard::Messages(topic, frames) => {
                hub.deliver(&topic, &frames);
                Ok(())
            }
            Heard::Event(event) => self.react(hub, route, event),
        })
    }

    fn react(&mut self, hub: &Arc<Hub>, route: &Route, event: Event) -> Result<()> {
        match event {
            Event::Subscribed(topic) => match self.asked.pop_front() {
                Some(Asked::Order(Order::Subscribe(asked, question))) if asked == topic => {
                    hub.subscribed(&topic, question)
                }
                _ => Err(failure::unexpected("SUBSCRIBE")),
            },
            Event::Unsubscribed(topic) => {
                let is_answer = matches!(
                    self.asked.front(),
                    Some(Asked::Order(Order::Unsubscribe(asked))) if *asked == topic
                );
                if is_answer {
                    self.asked.pop_front();
                } else if matches!(route, Route::Node(_)) {
                    // Unasked: the slot has moved away.
                    hub.displace(&topic);
                }
                Ok(())
            }
            Event::Refused(error) => match self.asked.pop_front() {
                Some(Asked::Order(Order::Subscribe(topic, question))) => {
                    match Refusal::of(&error) {
                        Some(Refusal::Stale) => return Err(failure::refused(&error)),
                        Some(_) if matches!(route, Route::Node(_)) => hub.displace(&topic),
                        _ => hub.refused(&topic, question, &failure::refused(&error))?,
                    }
                    Ok(())
                }
                // It may not ping, but it lives.
                Some(Asked::Ping | Asked::Order(Order::Unsubscribe(_))) => Ok(()),
                None => Err(failure::refused(&error)),
            },
            Event::Other => {
                if matches!(self.asked.front(), Some(Asked::Ping)) {
                    self.asked.pop_front();
                }
                Ok(())
            }
            Event::TooLarge(topic) => hub.skipped(&topic),
            Event::Message { .. } => Ok(()),
        }
    }
}

fn lost(lost: &Lost) -> Error {
    failure::lost(lost, Outcome::NotApplied)
}
