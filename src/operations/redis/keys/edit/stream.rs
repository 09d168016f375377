//! Edits of streams, their groups and consumers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::Bytes;
use super::elements::{pair, some};
use crate::backend::redis::values::edit::Edit;
use crate::backend::redis::values::edit::stream::{self, Cap};
use crate::error::{Error, Result};

/// Changes of a stream. Ids are `ms-sequence`, or `ms` alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum StreamEdit {
    /// Adds an entry. Result: its `id`.
    Add {
        /// `[[name, value], …]`, in order; names may repeat.
        fields: Vec<(Bytes, Bytes)>,
        /// Its id, greater than all others; default `*`, which lets the server choose.
        id: Option<String>,
        /// Entries that are kept; older ones are removed.
        max_length: Option<u64>,
        /// The id from which on entries are kept.
        min_id: Option<String>,
        /// Removes exactly those; else some may be kept, which is much less work.
        #[serde(default)]
        exact: bool,
    },
    /// Removes the oldest entries: all but `max_length`, or those before `min_id`. Result:
    /// `removed`.
    Trim {
        /// Entries that are kept.
        max_length: Option<u64>,
        /// The id from which on entries are kept.
        min_id: Option<String>,
        /// Removes exactly those; else some may be kept, which is much less work.
        #[serde(default)]
        exact: bool,
    },
    /// Deletes entries. Result: `removed`.
    Delete {
        /// Their ids.
        ids: Vec<String>,
    },
    /// Makes a group. Result: nothing.
    GroupCreate {
        /// Its name.
        group: Bytes,
        /// The entry behind which it begins: `0` for everything, `$` for what is yet to come.
        id: String,
    },
    /// Removes a group, its consumers and their pending entries. Result: `destroyed`.
    GroupDestroy {
        /// Its name.
        group: Bytes,
    },
    /// Has a group go on behind an entry. Result: nothing.
    GroupSetId {
        /// Its name.
        group: Bytes,
        /// The entry: `0` for everything, `$` for what is yet to come.
        id: String,
    },
    /// Takes entries off the group's pending ones. Result: `acknowledged`.
    Ack {
        /// The group's name.
        group: Bytes,
        /// Ids of the entries.
        ids: Vec<String>,
    },
    /// Gives pending entries to another consumer, which does not count as a delivery. Result:
    /// `claimed`, their ids.
    Claim {
        /// The group's name.
        group: Bytes,
        /// Who gets them; made where there is none of that name.
        consumer: Bytes,
        /// Ids of the entries.
        ids: Vec<String>,
        /// Only those that were idle for this many milliseconds; default 0.
        #[serde(default)]
        min_idle_ms: u64,
    },
    /// Removes a consumer. Result: `pending`, how many entries it had that are now nobody's:
    /// claim them before.
    DeleteConsumer {
        /// The group's name.
        group: Bytes,
        /// The consumer's name.
        consumer: Bytes,
    },
}

impl StreamEdit {
    pub(super) fn edit(self) -> Result<Edit> {
        Ok(match self {
            Self::Add { fields, id, max_length, min_id, exact } => {
                let cap = cap(max_length, min_id)?.map(|cap| (cap, exact));
                let id = id.map_or_else(|| Ok("*".to_owned()), |id| entry_id(id, "id"))?;
                stream::add(id, some(fields, "fields", pair)?, cap)
            }
            Self::Trim { max_length, min_id, exact } => {
                let cap = cap(max_length, min_id)?
                    .ok_or_else(|| Error::validation("give `max_length` or `min_id`"))?;
                stream::trim(&cap, exact)
            }
            Self::Delete { ids } => stream::delete(entry_ids(ids)?),
            Self::GroupCreate { group, id } => stream::group_create(group.0, position(id)?),
            Self::GroupDestroy { group } => stream::group_destroy(group.0),
            Self::GroupSetId { group, id } => stream::group_set_id(group.0, position(id)?),
            Self::Ack { group, ids } => stream::ack(group.0, entry_ids(ids)?),
            Self::Claim { group, consumer, ids, min_idle_ms } => {
                stream::claim(group.0, consumer.0, min_idle_ms, entry_ids(ids)?)
            }
            Self::DeleteConsumer { group, consumer } => {
                stream::delete_consumer(group.0, consumer.0)
            }
        })
    }
}

fn cap(max_length: Option<u64>, min_id: Option<String>) -> Result<Option<Cap>> {
    match (max_length, min_id) {
        (Some(_), Some(_)) => Err(Error::validation("give `max_length` or `min_id`, not both")),
        (Some(length), None) => Ok(Some(Cap::Length(length))),
        (None, Some(id)) => Ok(Some(Cap::From(entry_id(id, "min_id")?))),
        (None, None) => Ok(None),
    }
}

fn position(id: String) -> Result<String> {
    if id == "$" { Ok(id) } else { entry_id(id, "id") }
}

fn entry_ids(ids: Vec<String>) -> Result<Vec<String>> {
    some(ids, "ids", |id| entry_id(id, "ids"))?.into_iter().collect()
}

/// Ids and options stand side by side in these commands: what is no id is not passed on as one.
fn entry_id(id: String, name: &str) -> Result<String> {
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u64>().is_ok();
    let is_id = match id.split_once('-') {
        // A sequence of `*` lets the server choose it.
        Some((ms, sequence)) => number(ms) && (number(sequence) || sequence == "*"),
        None => number(&id) || id == "*",
    };
    if is_id { Ok(id) } else { Err(Error::validation(format!("`{name}`: {id:?} is not an id"))) }
}
