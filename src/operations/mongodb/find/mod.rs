//! Pages of documents.

mod input;

use std::time::Duration;

pub(super) use self::input::FindInput;

use self::input::Walk;
use super::collection::{own_database, readable};
use crate::backend::mongodb::{Count, CountKind, End};
use crate::ejson::Form;
use crate::error::Result;
use crate::json::Writer;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// How long a page of documents waits for the number of all documents.
const COUNT_BUDGET: Duration = Duration::from_millis(500);

/// `{ documents, etags, total, count: { value, kind }, page, page_size, has_more, truncated,
/// next_cursor }`. `etags` has one for each document, for `if_match` of a change; it is `null` with a
/// `projection`, which shows documents only in part.
/// `total` is the count's value, `null` if counting was given up. `next_cursor` is `null` without
/// `cursor` and at the end; and where `has_more` says that this is not the end, it can't be told where
/// the next page begins, because of large values, of a projection that changes the fields that are
/// sorted by, or of ids that may be equal. `skip` leads there.
pub(super) async fn find(cx: &Context, input: FindInput) -> Result<Reply> {
    let query = input.query(cx.service.config.max_result_bytes)?;
    let limit = query.cap.documents;
    let (filter, reading) = (query.filter.clone(), query.reading.clone());
    let client = cx.mongodb().await?;
    let db = input.db.clone().unwrap_or_else(|| own_database(&client));
    let namespace = readable(cx, &db, &input.coll)?;
    let walk = input.walk(&namespace, &query)?;
    let before = match walk.as_ref().and_then(|walk| walk.from.as_ref()) {
        Some(position) => Before::Walked(position.before),
        None => Before::Skipped(query.skip),
    };
    let call = input.options().call(cx, &client);
    let whole = query.projection.is_none();
    let mut etags = Writer::new();
    let form = Form::of(input.ejson, input.shown_as);
    let form = if whole { form.with_etags(&mut etags) } else { form };
    let mut writer = Reply::open();
    writer.raw("{\"documents\":[");
    let (end, next) = match walk {
        None => (call.find(&namespace, query, form, &mut writer).await?, None),
        Some(Walk { order, from, identity }) => {
            let page = call.find_page(&namespace, query, &order, from.as_ref(), form, &mut writer);
            let (end, position) = page.await?;
            let next = position.map(|position| position.encode(identity)).transpose()?;
            (end, next.flatten())
        }
    };
    let count = match before.and_all(end) {
        Some(count) => Some(count),
        None if input.count == Some(false) || input.variables.is_some() => None,
        None => Some(call.count_within(&namespace, filter, reading, COUNT_BUDGET).await),
    };
    writer.raw("],\"etags\":");
    if whole {
        writer.raw("[");
        writer.raw(etags.text());
        writer.raw("]");
    } else {
        writer.raw("null");
    }
    writer.raw(",\"total\":");
    writer.value(&count.and_then(|c| c.value))?;
    writer.raw(",\"count\":");
    writer.value(&count)?;
    writer.raw(",\"page\":");
    writer.value(&(before.documents() / u64::from(limit) + 1))?;
    writer.raw(",\"page_size\":");
    writer.value(&limit)?;
    writer.raw(",\"has_more\":");
    writer.boolean(end.has_more);
    writer.raw(",\"truncated\":");
    writer.boolean(end.truncated);
    writer.raw(",\"next_cursor\":");
    writer.value(&next)?;
    writer.raw("}");
    Ok(Reply::close(writer))
}

/// What is before a page.
#[derive(Clone, Copy)]
enum Before {
    /// As many documents as the server passed over.
    Skipped(u64),
    /// As many as were there when they were shown.
    Walked(u64),
}

impl Before {
    fn documents(self) -> u64 {
        match self {
            Self::Skipped(documents) | Self::Walked(documents) => documents,
        }
    }

    /// A page that reaches the end of the result knows how many documents there are, if it knows how
    /// many are before it.
    fn and_all(self, end: End) -> Option<Count> {
        let Self::Skipped(skip) = self else { return None };
        let reached = !end.has_more && (end.returned > 0 || skip == 0);
        reached.then(|| Count { value: Some(skip + end.returned), kind: CountKind::Exact })
    }
}
