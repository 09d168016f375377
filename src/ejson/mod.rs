//! BSON to MongoDB Extended JSON v2 and back.
//!
//! [`write`] walks raw BSON and appends JSON bytes to the answer; no tree of values is built on the
//! way, because a page of documents is the hot path. [`Document`] reads Extended JSON from a request
//! body or from the text of a query parameter straight into BSON bytes.
//!
//! Both directions keep every type and the order of fields, so that a document that was read as
//! [`Mode::Canonical`] is written back byte for byte. What the format itself can't express is told
//! apart where possible: a document with the same key twice is refused on the way in. Text that is not
//! UTF-8 is shown with replacement characters in relaxed mode; in canonical mode it is `{ "$unreadable":
//! { "base64": "…" } }`, which is read back as it was, and a value that has such text inside (a field's
//! name, a pattern) is `{ "$unreadable": { "reason": "…" } }`, which is refused.
//! A stored sub-document that looks like a type wrapper (`{ "$oid": "…" }`) is read back as that type,
//! as the specification has it.

mod date;
mod document;
mod form;
mod number;
mod part;
pub(crate) mod raw;
mod read;
mod value;
mod wrapper;
mod write;

#[cfg(test)]
mod tests;

pub use document::{Document, Pipeline, Update, parse_value};
pub use form::{Form, ShownAs, etag, is_etag};
pub use number::{decimal, double, integer};
pub(crate) use part::Stored;
pub use part::{Canonical, ShownDocument, json_of, relaxed};
pub use value::value_of;
pub(crate) use write::write_field;
pub use write::{MAX_DEPTH, Mode, write_document, write_element, write_value};
