//! The session, which requests share: it may be looked at and not changed.

use crate::backend::redis::gate::command::{
    Command, Reason, admin, container, inspect, never, read,
};
use crate::backend::redis::gate::keys::Keys;

pub(super) const COMMANDS: &[Command] = &[
    never("ASKING", Reason::Session),
    never("AUTH", Reason::Session),
    container("CLIENT", CLIENT),
    never("DISCARD", Reason::Session),
    read("ECHO", Keys::None),
    never("EXEC", Reason::Session),
    never("HELLO", Reason::Session),
    never("MULTI", Reason::Session),
    read("PING", Keys::None),
    never("QUIT", Reason::Session),
    never("READONLY", Reason::Session),
    never("READWRITE", Reason::Session),
    never("RESET", Reason::Session),
    never("SELECT", Reason::Session),
    never("UNWATCH", Reason::Session),
    never("WATCH", Reason::Session),
];

const CLIENT: &[Command] = &[
    never("CLIENT CACHING", Reason::Session),
    never("CLIENT CAPA", Reason::Session),
    read("CLIENT GETNAME", Keys::None),
    read("CLIENT GETREDIR", Keys::None),
    read("CLIENT HELP", Keys::None),
    read("CLIENT ID", Keys::None),
    never("CLIENT IMPORT-SOURCE", Reason::Session),
    read("CLIENT INFO", Keys::None),
    never("CLIENT KILL", Reason::Dangerous),
    inspect("CLIENT LIST", Keys::None),
    never("CLIENT NO-EVICT", Reason::Session),
    never("CLIENT NO-TOUCH", Reason::Session),
    never("CLIENT PAUSE", Reason::Dangerous),
    never("CLIENT REPLY", Reason::Session),
    never("CLIENT SETINFO", Reason::Session),
    never("CLIENT SETNAME", Reason::Session),
    never("CLIENT TRACKING", Reason::Session),
    read("CLIENT TRACKINGINFO", Keys::None),
    admin("CLIENT UNBLOCK", Keys::None),
    admin("CLIENT UNPAUSE", Keys::None),
];
