//! Pages of documents.

mod input;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

pub(super) use self::input::FindInput;

use self::input::Walk;
use super::collection::{own_database, readable};
use crate::backend::mongodb::{Count, End};
use crate::ejson::{Document, Form};
use crate::error::Result;
use crate::json::Object;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// How long a page of documents waits for the number of all documents.
const COUNT_BUDGET: Duration = Duration::from_millis(500);

/// One page of documents.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(super) struct DocumentsPage {
    /// Texts where `as` asks for them.
    documents: Vec<Document>,
    #[serde(flatten)]
    place: PagePlace,
}

/// Where a page stands in the result.
#[derive(Serialize, JsonSchema)]
struct PagePlace {
    /// One for each document, for `if_match` of a change; `null` with a `projection`, which shows
    /// documents only in part.
    etags: Option<Vec<String>>,
    /// The count's value; `null` if there is none.
    total: Option<u64>,
    /// How many documents match; `null` if that was not asked for, or expressions name values.
    count: Option<Count>,
    /// The number of the page, from 1.
    page: u64,
    /// How many documents it may have.
    page_size: u32,
    /// Whether this is not the end.
    has_more: bool,
    /// Whether it has fewer documents than it may have because they are too large together.
    truncated: bool,
    /// Where the next page begins; `null` without `cursor` and at the end. It is `null` too where it
    /// can't be told, because of large values, of a projection that changes the fields that are sorted
    /// by, or of ids that may be equal; `has_more` says then that this is not the end, and `skip` leads
    /// on.
    next_cursor: Option<String>,
}

pub(super) async fn find(cx: &Context, input: FindInput) -> Result<Reply<DocumentsPage>> {
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
    let mut etags = Vec::new();
    let form = Form::of(input.ejson, input.shown_as);
    let form = if whole { form.with_etags(&mut etags) } else { form };
    let mut out = Reply::open();
    let mut object = Object::open(&mut out);
    let documents = object.key("documents");
    documents.raw("[");
    let (end, next) = match walk {
        None => (call.find(&namespace, query, form, documents).await?, None),
        Some(Walk { order, from, identity }) => {
            let page = call.find_page(&namespace, query, &order, from.as_ref(), form, documents);
            let (end, position) = page.await?;
            let next = position.map(|position| position.encode(identity)).transpose()?;
            (end, next.flatten())
        }
    };
    documents.raw("]");
    let count = match before.and_all(end) {
        Some(count) => Some(count),
        None if input.count == Some(false) || input.variables.is_some() => None,
        None => Some(call.count_within(&namespace, filter, reading, COUNT_BUDGET).await),
    };
    object.members(&PagePlace {
        etags: whole.then_some(etags),
        total: count.and_then(|count| count.value),
        count,
        page: before.documents() / u64::from(limit) + 1,
        page_size: limit,
        has_more: end.has_more,
        truncated: end.truncated,
        next_cursor: next,
    })?;
    object.close();
    Ok(Reply::close(out))
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
        reached.then(|| Count::exactly(skip + end.returned))
    }
}
