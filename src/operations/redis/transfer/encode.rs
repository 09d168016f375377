//! Values as lines hold them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::backend::redis::transfer::small::FieldExpiries;
use crate::backend::redis::transfer::stream_state::{PendingEntry, StreamState};
use crate::backend::redis::values::{NewValue, StreamEntry};
use crate::json::Writer;

/// Longer elements are written as bytes even if they are text: escaped, text may be six times as long.
const LONGEST_TEXT: usize = 1 << 20;

pub(super) fn text_or_bytes(out: &mut Writer, bytes: &[u8]) {
    if bytes.len() <= LONGEST_TEXT {
        return out.text_or_bytes(bytes);
    }
    out.raw(b"{\"$binary\":{\"base64\":");
    base64(out, bytes);
    out.raw(b"}}");
}

/// Bytes in base64, as a string.
pub(super) fn base64(out: &mut Writer, bytes: &[u8]) {
    out.raw(b"\"");
    out.raw(BASE64.encode(bytes));
    out.raw(b"\"");
}

pub(super) fn value(out: &mut Writer, value: &NewValue) {
    match value {
        NewValue::String(bytes) => text_or_bytes(out, bytes),
        NewValue::List(elements) | NewValue::Set(elements) => {
            out.list(elements, |out, element| text_or_bytes(out, element));
        }
        NewValue::Hash(fields) => pairs(out, fields),
        NewValue::SortedSet(members) => out.list(members, |out, (member, score)| {
            out.raw(b"[");
            text_or_bytes(out, member);
            out.raw(b",");
            out.string(score);
            out.raw(b"]");
        }),
        NewValue::Stream(entries) => out.list(entries, entry),
    }
}

fn entry(out: &mut Writer, entry: &StreamEntry) {
    out.raw(b"{\"id\":");
    out.string(&entry.id);
    out.raw(b",\"fields\":");
    pairs(out, &entry.fields);
    out.raw(b"}");
}

pub(super) fn field_expiries(out: &mut Writer, expiries: &FieldExpiries) {
    if expiries.is_empty() {
        return;
    }
    out.raw(b",\"field_expires\":");
    out.list(expiries, |out, (name, at)| {
        out.raw(b"[");
        text_or_bytes(out, name);
        out.raw(b",");
        out.integer(*at);
        out.raw(b"]");
    });
}

pub(super) fn stream_state(out: &mut Writer, state: &StreamState) {
    out.raw(b",\"stream\":{\"last_id\":");
    out.string(&state.last_id);
    if let Some(added) = state.entries_added {
        out.raw(b",\"entries_added\":");
        out.integer(added);
    }
    if let Some(id) = &state.max_deleted_id {
        out.raw(b",\"max_deleted_id\":");
        out.string(id);
    }
    out.raw(b",\"groups\":");
    out.list(&state.groups, |out, group| {
        out.raw(b"{\"name\":");
        text_or_bytes(out, &group.name);
        out.raw(b",\"last_delivered_id\":");
        out.string(&group.last_delivered_id);
        if let Some(read) = group.entries_read {
            out.raw(b",\"entries_read\":");
            out.integer(read);
        }
        out.raw(b"}");
    });
    out.raw(b"}");
}

pub(super) fn pending(out: &mut Writer, group: &[u8], deliveries: &[PendingEntry]) {
    out.raw(b"{\"pending\":{\"group\":");
    text_or_bytes(out, group);
    out.raw(b",\"deliveries\":");
    out.list(deliveries, |out, delivery| {
        out.raw(b"{\"id\":");
        out.string(&delivery.id);
        out.raw(b",\"consumer\":");
        text_or_bytes(out, &delivery.consumer);
        out.raw(b",\"at\":");
        out.integer(delivery.at);
        out.raw(b",\"count\":");
        out.integer(delivery.count);
        out.raw(b"}");
    });
    out.raw(b"}");
}

fn pairs(out: &mut Writer, pairs: &[(Vec<u8>, Vec<u8>)]) {
    out.list(pairs, |out, (name, value)| {
        out.raw(b"[");
        text_or_bytes(out, name);
        out.raw(b",");
        text_or_bytes(out, value);
        out.raw(b"]");
    });
}
