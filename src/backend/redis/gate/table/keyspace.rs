//! Keys of any type.

use crate::backend::redis::gate::arguments;
use crate::backend::redis::gate::command::{
    Command, Reason, admin, container, inspect, never, read, write,
};
use crate::backend::redis::gate::keys::{ALL, Keys, ONE, SUB, TWO, stored};

pub(super) const COMMANDS: &[Command] = &[
    read("CLUSTERSCAN", ONE),
    write("COPY", TWO),
    write("DEL", ALL),
    read("DUMP", ONE),
    read("EXISTS", ALL),
    write("EXPIRE", ONE),
    write("EXPIREAT", ONE),
    read("EXPIRETIME", ONE),
    admin("FLUSHALL", Keys::None),
    admin("FLUSHDB", Keys::None),
    // Looks at every key while nobody else is served.
    inspect("KEYS", Keys::None),
    never("MIGRATE", Reason::Dangerous),
    write("MOVE", ONE),
    container("OBJECT", OBJECT),
    write("PERSIST", ONE),
    write("PEXPIRE", ONE),
    write("PEXPIREAT", ONE),
    read("PEXPIRETIME", ONE),
    read("PTTL", ONE),
    read("RANDOMKEY", Keys::None),
    write("RENAME", TWO),
    write("RENAMENX", TWO),
    // A payload that is not from this server's kind can crash it.
    never("RESTORE", Reason::Dangerous),
    never("RESTORE-ASKING", Reason::Internal),
    read("SCAN", Keys::None),
    write("SORT", Keys::By(stored)).unless(arguments::SORT),
    read("SORT_RO", ONE),
    admin("SWAPDB", Keys::None),
    read("TOUCH", ALL),
    read("TTL", ONE),
    read("TYPE", ONE),
    write("UNLINK", ALL),
];

const OBJECT: &[Command] = &[
    read("OBJECT ENCODING", SUB),
    read("OBJECT FREQ", SUB),
    read("OBJECT HELP", Keys::None),
    read("OBJECT IDLETIME", SUB),
    read("OBJECT REFCOUNT", SUB),
];
