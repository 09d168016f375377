//! Which dumps of modules' values are restored: those that this installation exported from here.

use crate::backend::redis::transfer::dump::{Dump, Label};
use crate::crypto::KeyRing;
use crate::error::Result;
use crate::request::context::Context;

/// What seals lines of a connection, and knows them again.
pub(super) struct Seals {
    keys: Option<KeyRing>,
    place: Vec<u8>,
}

impl Seals {
    pub(super) fn of(cx: &Context) -> Result<Self> {
        let connection = cx.connection()?;
        let columns = &connection.columns;
        // Whoever may edit a connection could let it lead to a server of theirs and back.
        let options: Vec<_> = columns.options.iter().filter(|(name, _)| *name != "db").collect();
        let place = format!("{} {:?} {:?} {options:?}", connection.id, columns.host, columns.port);
        Ok(Self { keys: cx.service.config.keyring.clone(), place: place.into_bytes() })
    }

    /// The seal of a dump that was read just now, where there is a key.
    pub(super) fn seal(&self, key: &[u8], type_name: &str, dump: &[u8]) -> Option<String> {
        let label = Label { place: &self.place, key, type_name };
        self.keys.as_ref().map(|keys| label.stamp(dump, keys))
    }

    /// The dump of a line, or why it is not restored.
    pub(super) fn open(
        &self,
        key: &[u8],
        type_name: &str,
        dump: Vec<u8>,
        seal: Option<&str>,
    ) -> Result<Dump, &'static str> {
        let keys = self.keys.as_ref().ok_or(
            "a dump can be made to crash the server, and without DATABASE_ENCRYPTION_KEY there is no \
             telling whose it is; set that, and export anew from the server that has the key",
        )?;
        let seal = seal.ok_or(
            "its dump has no `seal`, and can be made to crash the server; export anew, through this \
             connection, from the server that has the key",
        )?;
        let label = Label { place: &self.place, key, type_name };
        Dump::proved(dump, seal, &label, keys).ok_or(
            "its `seal` does not fit: the line was changed, or it was exported through another \
             connection, from another address, or under a key that is not known any more; export anew, \
             through this connection",
        )
    }
}
