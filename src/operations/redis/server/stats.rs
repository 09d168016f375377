//! Figures that change: once, or as a stream at an interval.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::{MissedTickBehavior, interval};

use crate::backend::redis::server::info::figures::{Snapshot, StatsWatch};
use crate::error::{Error, Result};
use crate::json::Writer;
use crate::request::context::{Accept, Context};
use crate::request::reply::Reply;

/// Seconds between two snapshots, unless asked otherwise.
const DEFAULT_INTERVAL: f64 = 1.0;

/// Each snapshot is work for the server.
const SHORTEST_INTERVAL: f64 = 0.25;

const LONGEST_INTERVAL: f64 = 3600.0;

/// How often.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatsInput {
    /// Seconds between two snapshots of a stream, 0.25 to 3600; default 1.
    interval: Option<f64>,
}

pub(super) async fn stats(cx: &Context, input: StatsInput) -> Result<Reply<Snapshot<'static>>> {
    let seconds = input.interval.unwrap_or(DEFAULT_INTERVAL);
    if !(SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&seconds) {
        let message =
            format!("`interval` is from {SHORTEST_INTERVAL} to {LONGEST_INTERVAL} seconds");
        return Err(Error::validation(message));
    }
    let client = cx.redis().await?;
    let (mut watch, mut first) = (StatsWatch::default(), Writer::new());
    watch.look(&client, &mut first, cx.deadline).await?;
    if cx.accept == Accept::Json {
        return Reply::write(|out| {
            out.raw(first.into_bytes());
            Ok(())
        });
    }
    Reply::stream(cx, cx.records(), move |cx, sink| {
        Box::pin(async move {
            let closing = cx.running.closing();
            let mut ticks = interval(Duration::from_secs_f64(seconds));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks.tick().await;
            let mut next = first;
            loop {
                sink.record(|out| {
                    out.raw(next.into_bytes());
                    Ok(())
                })
                .await?;
                sink.flush().await?;
                if closing.run_until_cancelled(ticks.tick()).await.is_none() {
                    return Ok(());
                }
                next = Writer::new();
                watch.look(&client, &mut next, cx.step()).await?;
            }
        })
    })
}
