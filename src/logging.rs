//! Structured logs: one JSON object a line on stderr. Events about a request carry `request_id`.
//!
//! Only this crate's own events are written. What the drivers log is dropped at every level, since
//! it can hold addresses, statements and credentials that they don't know to be secret. For the same
//! reason an event here never carries a connection string, a parameter, a stored value or a whole
//! driver error, only codes, ids, counts and durations.

use std::sync::OnceLock;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// Starts writing logs, once for the process: the first configuration decides the level.
pub fn init(level: LevelFilter) {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        // It only fails where the embedding program has set a subscriber of its own. Then that one
        // gets the events.
        let _ = tracing::subscriber::set_global_default(subscriber(level, std::io::stderr));
    });
}

fn subscriber<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer)
        // A closed stderr must not become a panic, which is what complaining about it on stderr is.
        .log_internal_errors(false);
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    tracing_subscriber::registry().with(own).with(json)
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
        tracing::subscriber::with_default(subscriber(level, move || writer.clone()), work);
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
    fn writes_nothing_when_it_is_off() {
        assert!(logged(LevelFilter::OFF, || tracing::error!("quiet")).is_empty());
    }
}
