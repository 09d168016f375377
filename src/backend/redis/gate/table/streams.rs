//! Streams, and messages to channels.

use crate::backend::redis::gate::arguments;
use crate::backend::redis::gate::command::{Command, Reason, container, never, read, write};
use crate::backend::redis::gate::keys::{Keys, ONE, SUB, streams};

pub(super) const COMMANDS: &[Command] = &[
    write("XACK", ONE),
    write("XACKDEL", ONE),
    write("XADD", ONE),
    write("XAUTOCLAIM", ONE),
    write("XCFGSET", ONE),
    write("XCLAIM", ONE),
    write("XDEL", ONE),
    write("XDELEX", ONE),
    container("XGROUP", XGROUP),
    container("XINFO", XINFO),
    read("XLEN", ONE),
    read("XPENDING", ONE),
    read("XRANGE", ONE),
    never("XREAD", Reason::Blocks).at(Keys::By(streams)).unless(arguments::STREAM_READ),
    // It moves the group's position, and makes its entries pending.
    never("XREADGROUP", Reason::Blocks).at(Keys::By(streams)).unless(arguments::GROUP_READ),
    read("XREVRANGE", ONE),
    write("XSETID", ONE),
    write("XTRIM", ONE),
    // Channels.
    never("PSUBSCRIBE", Reason::Endless),
    write("PUBLISH", Keys::None),
    container("PUBSUB", PUBSUB),
    never("PUNSUBSCRIBE", Reason::Endless),
    // A shard channel has a slot as a key has.
    write("SPUBLISH", ONE),
    never("SSUBSCRIBE", Reason::Endless),
    never("SUBSCRIBE", Reason::Endless),
    never("SUNSUBSCRIBE", Reason::Endless),
    never("UNSUBSCRIBE", Reason::Endless),
];

const XGROUP: &[Command] = &[
    write("XGROUP CREATE", SUB),
    write("XGROUP CREATECONSUMER", SUB),
    write("XGROUP DELCONSUMER", SUB),
    write("XGROUP DESTROY", SUB),
    read("XGROUP HELP", Keys::None),
    write("XGROUP SETID", SUB),
];

const XINFO: &[Command] = &[
    read("XINFO CONSUMERS", SUB),
    read("XINFO GROUPS", SUB),
    read("XINFO HELP", Keys::None),
    read("XINFO STREAM", SUB),
];

const PUBSUB: &[Command] = &[
    read("PUBSUB CHANNELS", Keys::None),
    read("PUBSUB HELP", Keys::None),
    read("PUBSUB NUMPAT", Keys::None),
    read("PUBSUB NUMSUB", Keys::None),
    read("PUBSUB SHARDCHANNELS", Keys::None),
    read("PUBSUB SHARDNUMSUB", Keys::None),
];
