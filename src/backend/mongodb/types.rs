//! The types of BSON, by the byte that stands for each in stored documents.

pub(super) const DOUBLE: u8 = 0x01;
pub(super) const STRING: u8 = 0x02;
pub(super) const DOCUMENT: u8 = 0x03;
pub(super) const ARRAY: u8 = 0x04;
pub(super) const UNDEFINED: u8 = 0x06;
pub(super) const NULL: u8 = 0x0a;
pub(super) const SYMBOL: u8 = 0x0e;
pub(super) const INT32: u8 = 0x10;
pub(super) const INT64: u8 = 0x12;
pub(super) const DECIMAL: u8 = 0x13;
pub(super) const MIN_KEY: u8 = 0xff;

/// What `$type` calls it.
pub(super) fn alias(kind: u8) -> &'static str {
    match kind {
        DOUBLE => "double",
        STRING => "string",
        DOCUMENT => "object",
        ARRAY => "array",
        0x05 => "binData",
        UNDEFINED => "undefined",
        0x07 => "objectId",
        0x08 => "bool",
        0x09 => "date",
        NULL => "null",
        0x0b => "regex",
        0x0c => "dbPointer",
        0x0d => "javascript",
        SYMBOL => "symbol",
        0x0f => "javascriptWithScope",
        INT32 => "int",
        0x11 => "timestamp",
        INT64 => "long",
        DECIMAL => "decimal",
        MIN_KEY => "minKey",
        0x7f => "maxKey",
        _ => "missing",
    }
}
