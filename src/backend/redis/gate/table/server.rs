//! The server itself: its state, its settings, its scripts, its cluster.

use crate::backend::redis::gate::arguments::Arguments;
use crate::backend::redis::gate::command::{
    Command, Reason, admin, container, inspect, never, read,
};
use crate::backend::redis::gate::keys::{Keys, SUB};

pub(super) const COMMANDS: &[Command] = &[
    container("ACL", ACL),
    admin("BGREWRITEAOF", Keys::None),
    admin("BGSAVE", Keys::None),
    container("CLUSTER", CLUSTER),
    read("COMMAND", Keys::None).with(COMMAND),
    container("COMMANDLOG", COMMANDLOG),
    container("CONFIG", CONFIG),
    read("DBSIZE", Keys::None),
    never("DEBUG", Reason::Dangerous),
    admin("EVAL", Keys::Counted(2, 1)),
    admin("EVALSHA", Keys::Counted(2, 1)),
    // That a script may not write says nothing of what it may do to the server: `SLOWLOG RESET`.
    admin("EVALSHA_RO", Keys::Counted(2, 1)),
    admin("EVAL_RO", Keys::Counted(2, 1)),
    never("FAILOVER", Reason::Dangerous),
    admin("FCALL", Keys::Counted(2, 1)),
    admin("FCALL_RO", Keys::Counted(2, 1)),
    container("FUNCTION", FUNCTION),
    // Browsers that are made to send requests to a Redis server.
    never("HOST:", Reason::Internal),
    container("HOTKEYS", HOTKEYS),
    read("INFO", Keys::None),
    read("LASTSAVE", Keys::None),
    container("LATENCY", LATENCY),
    read("LOLWUT", Keys::None),
    container("MEMORY", MEMORY),
    never("MODULE", Reason::Dangerous),
    never("MONITOR", Reason::Endless),
    never("POST", Reason::Internal),
    never("PSYNC", Reason::Internal),
    never("REPLCONF", Reason::Internal),
    never("REPLICAOF", Reason::Dangerous),
    read("ROLE", Keys::None),
    // Serves nobody until it is done; `BGSAVE` does the same beside the work.
    never("SAVE", Reason::Blocks),
    container("SCRIPT", SCRIPT),
    never("SHUTDOWN", Reason::Dangerous),
    never("SLAVEOF", Reason::Dangerous),
    container("SLOWLOG", SLOWLOG),
    never("SYNC", Reason::Internal),
    read("TIME", Keys::None),
    never("TRIMSLOTS", Reason::Internal),
    never("WAIT", Reason::Blocks),
    never("WAITAOF", Reason::Blocks),
];

const ACL: &[Command] = &[
    read("ACL CAT", Keys::None),
    never("ACL DELUSER", Reason::Dangerous),
    inspect("ACL DRYRUN", Keys::None),
    read("ACL GENPASS", Keys::None),
    inspect("ACL GETUSER", Keys::None),
    read("ACL HELP", Keys::None),
    inspect("ACL LIST", Keys::None),
    never("ACL LOAD", Reason::Dangerous),
    inspect("ACL LOG", Keys::None).unless(Arguments::ShowsLog),
    never("ACL SAVE", Reason::Dangerous),
    never("ACL SETUSER", Reason::Dangerous),
    inspect("ACL USERS", Keys::None),
    read("ACL WHOAMI", Keys::None),
];

const CLUSTER: &[Command] = &[
    never("CLUSTER ADDSLOTS", Reason::Dangerous),
    never("CLUSTER ADDSLOTSRANGE", Reason::Dangerous),
    never("CLUSTER BUMPEPOCH", Reason::Dangerous),
    never("CLUSTER CANCELSLOTMIGRATIONS", Reason::Dangerous),
    inspect("CLUSTER COUNT-FAILURE-REPORTS", Keys::None),
    read("CLUSTER COUNTKEYSINSLOT", Keys::None),
    never("CLUSTER DELSLOTS", Reason::Dangerous),
    never("CLUSTER DELSLOTSRANGE", Reason::Dangerous),
    never("CLUSTER FAILOVER", Reason::Dangerous),
    never("CLUSTER FLUSHSLOT", Reason::Dangerous),
    never("CLUSTER FLUSHSLOTS", Reason::Dangerous),
    never("CLUSTER FORGET", Reason::Dangerous),
    read("CLUSTER GETKEYSINSLOT", Keys::None),
    inspect("CLUSTER GETSLOTMIGRATIONS", Keys::None),
    read("CLUSTER HELP", Keys::None),
    read("CLUSTER INFO", Keys::None),
    read("CLUSTER KEYSLOT", Keys::None),
    read("CLUSTER LINKS", Keys::None),
    never("CLUSTER MEET", Reason::Dangerous),
    never("CLUSTER MIGRATESLOTS", Reason::Dangerous),
    never("CLUSTER MIGRATION", Reason::Dangerous),
    read("CLUSTER MYID", Keys::None),
    read("CLUSTER MYSHARDID", Keys::None),
    read("CLUSTER NODES", Keys::None),
    inspect("CLUSTER REPLICAS", Keys::None),
    never("CLUSTER REPLICATE", Reason::Dangerous),
    never("CLUSTER RESET", Reason::Dangerous),
    never("CLUSTER SAVECONFIG", Reason::Dangerous),
    never("CLUSTER SET-CONFIG-EPOCH", Reason::Dangerous),
    never("CLUSTER SETSLOT", Reason::Dangerous),
    read("CLUSTER SHARDS", Keys::None),
    inspect("CLUSTER SLAVES", Keys::None),
    read("CLUSTER SLOT-STATS", Keys::None),
    read("CLUSTER SLOTS", Keys::None),
    never("CLUSTER SYNCSLOTS", Reason::Internal),
];

const COMMAND: &[Command] = &[
    read("COMMAND COUNT", Keys::None),
    read("COMMAND DOCS", Keys::None),
    read("COMMAND GETKEYS", Keys::None),
    read("COMMAND GETKEYSANDFLAGS", Keys::None),
    read("COMMAND HELP", Keys::None),
    read("COMMAND INFO", Keys::None),
    read("COMMAND LIST", Keys::None),
];

const COMMANDLOG: &[Command] = &[
    inspect("COMMANDLOG GET", Keys::None),
    read("COMMANDLOG HELP", Keys::None),
    inspect("COMMANDLOG LEN", Keys::None),
    admin("COMMANDLOG RESET", Keys::None),
];

const CONFIG: &[Command] = &[
    inspect("CONFIG GET", Keys::None),
    read("CONFIG HELP", Keys::None),
    admin("CONFIG RESETSTAT", Keys::None),
    never("CONFIG REWRITE", Reason::Dangerous),
    never("CONFIG SET", Reason::Dangerous),
];

const FUNCTION: &[Command] = &[
    admin("FUNCTION DELETE", Keys::None),
    inspect("FUNCTION DUMP", Keys::None),
    admin("FUNCTION FLUSH", Keys::None),
    read("FUNCTION HELP", Keys::None),
    admin("FUNCTION KILL", Keys::None),
    inspect("FUNCTION LIST", Keys::None),
    never("FUNCTION LOAD", Reason::Dangerous),
    never("FUNCTION RESTORE", Reason::Dangerous),
    inspect("FUNCTION STATS", Keys::None),
];

const HOTKEYS: &[Command] = &[
    inspect("HOTKEYS GET", Keys::None),
    read("HOTKEYS HELP", Keys::None),
    admin("HOTKEYS RESET", Keys::None),
    admin("HOTKEYS START", Keys::None),
    admin("HOTKEYS STOP", Keys::None),
];

const LATENCY: &[Command] = &[
    inspect("LATENCY DOCTOR", Keys::None),
    inspect("LATENCY GRAPH", Keys::None),
    read("LATENCY HELP", Keys::None),
    inspect("LATENCY HISTOGRAM", Keys::None),
    inspect("LATENCY HISTORY", Keys::None),
    inspect("LATENCY LATEST", Keys::None),
    admin("LATENCY RESET", Keys::None),
];

const MEMORY: &[Command] = &[
    read("MEMORY DOCTOR", Keys::None),
    read("MEMORY HELP", Keys::None),
    read("MEMORY MALLOC-STATS", Keys::None),
    admin("MEMORY PURGE", Keys::None),
    read("MEMORY STATS", Keys::None),
    read("MEMORY USAGE", SUB),
];

const SCRIPT: &[Command] = &[
    never("SCRIPT DEBUG", Reason::Dangerous),
    inspect("SCRIPT EXISTS", Keys::None),
    admin("SCRIPT FLUSH", Keys::None),
    read("SCRIPT HELP", Keys::None),
    admin("SCRIPT KILL", Keys::None),
    admin("SCRIPT LOAD", Keys::None),
    inspect("SCRIPT SHOW", Keys::None),
];

const SLOWLOG: &[Command] = &[
    inspect("SLOWLOG GET", Keys::None),
    read("SLOWLOG HELP", Keys::None),
    inspect("SLOWLOG LEN", Keys::None),
    admin("SLOWLOG RESET", Keys::None),
];
