//! Values as lines hold them.

use crate::backend::redis::transfer::small::FieldExpiries;
use crate::backend::redis::transfer::stream_state::{PendingEntry, StreamState};
use crate::backend::redis::values::{NewValue, StreamEntry};
use crate::json::{Object, Writer};

/// Longer elements are written as bytes even if they are text: escaped, text may be six times as long.
const LONGEST_TEXT: usize = 1 << 20;

pub(super) fn text_or_bytes(out: &mut Writer, bytes: &[u8]) {
    if bytes.len() <= LONGEST_TEXT { out.text_or_bytes(bytes) } else { out.binary(bytes) }
}

pub(super) fn value(out: &mut Writer, value: &NewValue) {
    match value {
        NewValue::String(bytes) => text_or_bytes(out, bytes),
        NewValue::List(elements) | NewValue::Set(elements) => {
            out.list(elements, |out, element| text_or_bytes(out, element));
        }
        NewValue::Hash(fields) => pairs(out, fields),
        NewValue::SortedSet(members) => out.list(members, |out, (member, score)| {
            out.pair(|out| text_or_bytes(out, member), |out| out.string(score));
        }),
        NewValue::Stream(entries) => out.list(entries, entry),
    }
}

fn entry(out: &mut Writer, entry: &StreamEntry) {
    let mut object = Object::open(out);
    object.key("id").string(&entry.id);
    pairs(object.key("fields"), &entry.fields);
    object.close();
}

pub(super) fn field_expiries(line: &mut Object<'_>, expiries: &FieldExpiries) {
    if expiries.is_empty() {
        return;
    }
    line.key("field_expires").list(expiries, |out, (name, at)| {
        out.pair(|out| text_or_bytes(out, name), |out| out.integer(*at));
    });
}

pub(super) fn stream_state(line: &mut Object<'_>, state: &StreamState) {
    let mut stream = Object::open(line.key("stream"));
    stream.key("last_id").string(&state.last_id);
    if let Some(added) = state.entries_added {
        stream.key("entries_added").integer(added);
    }
    if let Some(id) = &state.max_deleted_id {
        stream.key("max_deleted_id").string(id);
    }
    stream.key("groups").list(&state.groups, |out, group| {
        let mut object = Object::open(out);
        text_or_bytes(object.key("name"), &group.name);
        object.key("last_delivered_id").string(&group.last_delivered_id);
        if let Some(read) = group.entries_read {
            object.key("entries_read").integer(read);
        }
        object.close();
    });
    stream.close();
}

pub(super) fn pending(line: &mut Object<'_>, group: &[u8], deliveries: &[PendingEntry]) {
    let mut pending = Object::open(line.key("pending"));
    text_or_bytes(pending.key("group"), group);
    pending.key("deliveries").list(deliveries, |out, delivery| {
        let mut object = Object::open(out);
        object.key("id").string(&delivery.id);
        text_or_bytes(object.key("consumer"), &delivery.consumer);
        object.key("at").integer(delivery.at);
        object.key("count").integer(delivery.count);
        object.close();
    });
    pending.close();
}

fn pairs(out: &mut Writer, pairs: &[(Vec<u8>, Vec<u8>)]) {
    out.list(pairs, |out, (name, value)| {
        out.list([name, value], |out, bytes| text_or_bytes(out, bytes));
    });
}
