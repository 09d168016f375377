//! Structured logs: one JSON object a line on stderr. Events about a request carry `request_id`.
//!
//! Only this crate's own events are written. What the drivers log is dropped at every level, since
//! it can hold addresses, statements and credentials that they don't know to be secret. For the same
//! reason an event here never carries a connection string, a parameter, a stored value or a whole
//! driver error, only codes, ids, counts and durations.

use std::sync::OnceLock;

use parking_lot::Mutex;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;

/// Turns the level of the process's log.
type Dial = reload::Handle<Targets, Registry>;

static DIAL: OnceLock<Dial> = OnceLock::new();

/// The levels that are wanted, by whoever is open.
static WANTED: Mutex<Vec<LevelFilter>> = Mutex::new(Vec::new());

/// Starts writing logs, once for the process; what, is [`Wanted`].
pub fn init() {
    DIAL.get_or_init(|| {
        let (subscriber, dial) = subscriber(most_talkative(&WANTED.lock()), std::io::stderr);
        // It only fails where the embedding program has set a subscriber of its own. Then that one
        // gets the events.
        let _ = tracing::subscriber::set_global_default(subscriber);
        dial
    });
}

/// A level that somebody wants for as long as they hold this. The log is one for the process, so it
/// has the level of whoever wants to know most.
#[derive(Debug)]
pub struct Wanted(Mutex<Option<LevelFilter>>);

impl Wanted {
    /// From now on.
    pub fn at(level: LevelFilter) -> Self {
        let mut wanted = WANTED.lock();
        wanted.push(level);
        turn(&wanted);
        Self(Mutex::new(Some(level)))
    }

    /// No longer.
    pub fn end(&self) {
        let Some(level) = self.0.lock().take() else { return };
        let mut wanted = WANTED.lock();
        if let Some(at) = wanted.iter().position(|other| *other == level) {
            wanted.swap_remove(at);
        }
        turn(&wanted);
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.end();
    }
}

fn most_talkative(wanted: &[LevelFilter]) -> LevelFilter {
    wanted.iter().copied().max().unwrap_or(LevelFilter::OFF)
}

fn turn(wanted: &[LevelFilter]) {
    if let Some(dial) = DIAL.get() {
        // It only fails once the subscriber is gone, and the log with it.
        let _ = dial.reload(own(most_talkative(wanted)));
    }
}

fn own(level: LevelFilter) -> Targets {
    Targets::new().with_target(env!("CARGO_CRATE_NAME"), level)
}

fn subscriber<W>(level: LevelFilter, writer: W) -> (impl Subscriber + Send + Sync, Dial)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let (own, dial) = reload::Layer::new(own(level));
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer)
        // A closed stderr must not become a panic, which is what complaining about it on stderr is.
        .log_internal_errors(false);
    (tracing_subscriber::registry().with(own).with(json), dial)
}

/// Makes a panic log where it happened and not what it said, which may hold a secret.
///
/// For the addon alone: tests and plain Rust programs want to see their panics.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "a defect: the code panicked; the request failed");
    }));
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use parking_lot::Mutex;
    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `work` logs at `level`.
    fn logged(level: LevelFilter, work: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let (subscriber, _dial) = subscriber(level, move || writer.clone());
        tracing::subscriber::with_default(subscriber, work);
        let text = String::from_utf8(written.0.lock().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn writes_one_json_object_a_line_with_the_request_id() {
        let lines = logged(LevelFilter::WARN, || {
            let request_id = "req-1";
            tracing::info!(request_id, "below the level");
            tracing::warn!(request_id, ms = 12, "slow\nanswer");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["level"], "WARN");
        assert_eq!(lines[0]["message"], "slow\nanswer");
        assert_eq!(lines[0]["ms"], 12);
        assert_eq!(lines[0]["request_id"], "req-1");
        assert!(lines[0]["timestamp"].is_string());
    }

    #[test]
    fn drops_what_drivers_log_at_every_level() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::error!(target: "redis", "AUTH canary");
            tracing::error!(target: "hyper_util::client", "authorization: canary");
            tracing::trace!("ours");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["message"], "ours");
    }

    #[test]
    fn the_level_is_that_of_whoever_wants_most_for_as_long_as_they_do() {
        let levels = [LevelFilter::OFF, LevelFilter::WARN, LevelFilter::TRACE, LevelFilter::INFO];
        assert_eq!(most_talkative(&levels), LevelFilter::TRACE);
        assert_eq!(most_talkative(&[]), LevelFilter::OFF);
    }

    #[test]
    fn the_level_can_be_turned_while_it_writes() {
        let written = Written::default();
        let writer = written.clone();
        let (subscriber, dial) = subscriber(LevelFilter::OFF, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            for level in [LevelFilter::OFF, LevelFilter::WARN, LevelFilter::OFF] {
                dial.reload(own(level)).unwrap();
                tracing::warn!("heard");
            }
        });
        assert_eq!(String::from_utf8(written.0.lock().clone()).unwrap().lines().count(), 1);
    }

    #[test]
    fn writes_nothing_when_it_is_off() {
        assert!(logged(LevelFilter::OFF, || tracing::error!("quiet")).is_empty());
    }
}
