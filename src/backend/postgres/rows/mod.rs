//! Rows, on their way from the server's messages into JSON.

mod columns;
mod receive;

pub(super) use self::columns::{Columns, FieldDescription};
pub(super) use self::receive::read;
