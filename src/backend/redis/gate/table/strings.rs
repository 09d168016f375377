//! Strings, bitmaps and `HyperLogLog`s.

use crate::backend::redis::gate::arguments;
use crate::backend::redis::gate::command::{Command, Reason, never, read, write};
use crate::backend::redis::gate::keys::{ALL, Keys, ONE, TWO, compared};

pub(super) const COMMANDS: &[Command] = &[
    write("APPEND", ONE),
    write("DECR", ONE),
    write("DECRBY", ONE),
    write("DELEX", ONE),
    write("DELIFEQ", ONE),
    read("DIGEST", ONE),
    read("GET", ONE),
    write("GETDEL", ONE),
    write("GETEX", ONE),
    read("GETRANGE", ONE),
    write("GETSET", ONE),
    write("INCR", ONE),
    write("INCRBY", ONE),
    write("INCRBYFLOAT", ONE),
    read("LCS", TWO),
    read("MGET", ALL),
    write("MSET", Keys::Range(1, -1, 2)),
    write("MSETEX", Keys::Counted(1, 2)),
    write("MSETNX", Keys::Range(1, -1, 2)),
    write("PSETEX", ONE),
    write("SET", ONE),
    write("SETEX", ONE),
    write("SETNX", ONE),
    write("SETRANGE", ONE),
    read("STRALGO", Keys::By(compared)),
    read("STRLEN", ONE),
    read("SUBSTR", ONE),
    // Bitmaps.
    read("BITCOUNT", ONE),
    write("BITFIELD", ONE).unless(arguments::BITFIELD),
    read("BITFIELD_RO", ONE),
    write("BITOP", Keys::Range(2, -1, 1)),
    read("BITPOS", ONE),
    read("GETBIT", ONE),
    write("SETBIT", ONE),
    // HyperLogLogs.
    write("PFADD", ONE),
    read("PFCOUNT", ALL),
    never("PFDEBUG", Reason::Internal),
    write("PFMERGE", ALL),
    never("PFSELFTEST", Reason::Internal),
];
