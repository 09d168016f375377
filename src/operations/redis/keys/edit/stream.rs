//! Edits of streams, their groups and consumers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::super::input::Bytes;
use super::elements::some;
use crate::backend::redis::values::edit::{Alone, Edit, EditResult, digits};
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
    /// None of these commands makes a stream: `XADD` is told not to, `XGROUP CREATE` is not told to.
    pub(super) fn edit(self) -> Result<Edit> {
        let stream = |name, args| Edit::of("stream").step(name, args).alone(Alone::NeedsElements);
        Ok(match self {
            Self::Add { fields, id, max_length, min_id, exact } => {
                let mut args = vec![b"NOMKSTREAM".to_vec()];
                args.extend(cap(max_length, min_id, exact)?.into_iter().flatten());
                args.push(id.map_or_else(|| Ok(b"*".to_vec()), |id| entry_id(id, "id"))?);
                let fields = some(fields, "fields", |(name, value)| [name.0, value.0])?;
                args.extend(fields.into_iter().flatten());
                Edit::of("stream").step("XADD", args).telling(EditResult::id).alone(Alone::NeedsKey)
            }
            Self::Trim { max_length, min_id, exact } => {
                let cap = cap(max_length, min_id, exact)?
                    .ok_or_else(|| Error::validation("give `max_length` or `min_id`"))?;
                stream("XTRIM", cap.to_vec()).counting(EditResult::Removed)
            }
            Self::Delete { ids } => stream("XDEL", entry_ids(ids)?).counting(EditResult::Removed),
            Self::GroupCreate { group, id } => {
                stream("XGROUP CREATE", vec![group.0, position(id)?])
            }
            Self::GroupDestroy { group } => {
                stream("XGROUP DESTROY", vec![group.0]).counting(EditResult::Destroyed)
            }
            Self::GroupSetId { group, id } => stream("XGROUP SETID", vec![group.0, position(id)?]),
            Self::Ack { group, ids } => {
                let args = [group.0].into_iter().chain(entry_ids(ids)?).collect();
                stream("XACK", args).counting(EditResult::Acknowledged)
            }
            Self::Claim { group, consumer, ids, min_idle_ms } => {
                let mut args = vec![group.0, consumer.0, digits(min_idle_ms)];
                args.extend(entry_ids(ids)?);
                args.push(b"JUSTID".to_vec());
                stream("XCLAIM", args).telling(EditResult::claimed)
            }
            Self::DeleteConsumer { group, consumer } => {
                stream("XGROUP DELCONSUMER", vec![group.0, consumer.0])
                    .counting(EditResult::Pending)
            }
        })
    }
}

/// How many entries a stream keeps, or from which on. Unless it is exact, some more may be kept, which is
/// much less work.
fn cap(
    max_length: Option<u64>,
    min_id: Option<String>,
    exact: bool,
) -> Result<Option<[Vec<u8>; 3]>> {
    let (name, value) = match (max_length, min_id) {
        (Some(_), Some(_)) => {
            return Err(Error::validation("give `max_length` or `min_id`, not both"));
        }
        (Some(length), None) => ("MAXLEN", digits(length)),
        (None, Some(id)) => ("MINID", entry_id(id, "min_id")?),
        (None, None) => return Ok(None),
    };
    let how = if exact { "=" } else { "~" };
    Ok(Some([name.into(), how.into(), value]))
}

fn position(id: String) -> Result<Vec<u8>> {
    if id == "$" { Ok(id.into()) } else { entry_id(id, "id") }
}

fn entry_ids(ids: Vec<String>) -> Result<Vec<Vec<u8>>> {
    some(ids, "ids", |id| entry_id(id, "ids"))?.into_iter().collect()
}

/// Ids and options stand side by side in these commands: what is no id is not passed on as one.
fn entry_id(id: String, name: &str) -> Result<Vec<u8>> {
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u64>().is_ok();
    let is_id = match id.split_once('-') {
        // A sequence of `*` lets the server choose it.
        Some((ms, sequence)) => number(ms) && (number(sequence) || sequence == "*"),
        None => number(&id) || id == "*",
    };
    if is_id {
        Ok(id.into())
    } else {
        Err(Error::validation(format!("`{name}`: {id:?} is not an id")))
    }
}
