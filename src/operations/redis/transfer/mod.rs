//! Keys with their values, out of a server and into one, as lines of JSON ([`ExportLine`]).
//!
//! A dump that no server has written can crash the one that restores it. So a line with a `dump` has a
//! `seal`, made with a key that only this installation has, and is imported only where it fits: into the
//! connection that it was exported from, while that leads to the same address, and as it was. Without an
//! encryption key no line is sealed, and none with a dump is imported. All other types have a `value`.
//!
//! In one line each field and member occurs once; a line with one twice is refused.

mod content;
mod encode;
mod export;
mod export_line;
mod import;
mod ledger;
mod line;
mod report;
mod sealed;
mod values;
mod writer;

use self::export_line::ExportLine;
use self::report::KeysImport;
use crate::operations::transfer::Record;
use crate::request::operation::operations;

operations! {
    /// All keys, or those that fit a pattern or type, with their values, as lines of JSON.
    ///
    /// An export that was cut off is taken up at its last checkpoint: what follows that line is dropped, and
    /// the lines of the second export, whose header `continues` the checkpoint's cursor, are appended. They
    /// count and sum from their own header on, and may have keys again that lie before the cut.
    "redis.export" GET "/redis/{scope}/export" Connection(Redis) Read 20
        gives file(Ndjson; ExportLine) => export::filtered;
    /// The keys of a list with their values, as lines of JSON.
    ///
    /// The lines are those of the other export.
    "redis.export.keys" POST "/redis/{scope}/export" Connection(Redis) Read 20 does reads
        gives file(Ndjson; ExportLine) => export::listed;
    /// Writes the keys of an export, with progress and a problem for each line that is refused.
    ///
    /// Lines are held to their checksum at each checkpoint, and the import ends where one differs; what was
    /// written before stays. A module's value is restored only into the connection that it was exported from.
    "redis.import" POST "/redis/{scope}/import" Connection(Redis) Write 20 does by_input fails WrongType
        takes upload gives records(Record<KeysImport>) => import::run;
}
