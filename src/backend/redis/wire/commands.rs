//! Commands encoded for the wire (RESP), ready to be sent as one pipeline.

use std::ops::Range;

use zeroize::Zeroize;

/// Whether running a command a second time could change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Reads only; it may be sent again after a lost connection.
    Read,
    /// May write; it is sent again only when the server proved that it was not run.
    Write,
}

/// The arguments of a command that has none but its key.
pub(crate) const NO_ARGS: &[&[u8]] = &[];

/// What begins a transaction.
pub(crate) const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";

/// A pipeline under construction.
///
/// It is made of units. A unit is one command, or one transaction: what is answered, redirected
/// and sent again as a whole. Everything is encoded into one buffer, so that the usual pipeline
/// leaves in one write without being copied.
#[derive(Debug, Clone, Default)]
pub(crate) struct Commands {
    bytes: Vec<u8>,
    units: Vec<Unit>,
    /// Whether replies keep their attributes.
    pub(crate) keep_attributes: bool,
    /// Whether it runs a script of a user's, whose errors may say anything.
    pub(crate) is_script: bool,
}

/// Where a unit lies in the buffer, and what its answer means.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    bytes: Range<usize>,
    key: Range<usize>,
    /// How many replies the server gives: one, or one per command of a transaction.
    pub(crate) replies: usize,
    pub(crate) effect: Effect,
}

impl Unit {
    /// Whether it is a transaction.
    pub(crate) fn is_transaction(&self) -> bool {
        self.replies > 1
    }
}

impl Commands {
    /// An empty pipeline with room for `units` short commands.
    pub(crate) fn with_capacity(units: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(units * 48),
            units: Vec::with_capacity(units),
            ..Self::default()
        }
    }

    /// A pipeline of one command.
    pub(crate) fn one(effect: Effect, key_at: usize, args: &[&[u8]]) -> Self {
        let mut commands = Self::with_capacity(1);
        commands.push(effect, key_at, args);
        commands
    }

    /// Adds a command. `args[key_at]` is its key; 0, the command's name, means that it has none.
    pub(crate) fn push(&mut self, effect: Effect, key_at: usize, args: &[&[u8]]) {
        let start = self.bytes.len();
        let key = encode(&mut self.bytes, key_at, args);
        self.units.push(Unit { bytes: start..self.bytes.len(), key, replies: 1, effect });
    }

    /// Adds `name key args…`; the name may have two words, as `XGROUP CREATE` has.
    pub(crate) fn push_about(
        &mut self,
        effect: Effect,
        name: &str,
        key: &[u8],
        args: &[impl AsRef<[u8]>],
    ) {
        let start = self.bytes.len();
        let key = about(&mut self.bytes, name, key, args);
        self.units.push(Unit { bytes: start..self.bytes.len(), key, replies: 1, effect });
    }

    /// Adds `MULTI … EXEC` around what `fill` adds; all of it must be about `key`.
    ///
    /// Its answer is that of `EXEC`. Nothing of it is sent before the server has begun a transaction.
    pub(crate) fn transaction(&mut self, key: &[u8], fill: impl FnOnce(&mut Transaction<'_>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(MULTI);
        let mut transaction = Transaction { bytes: &mut self.bytes, key, at: 0..0, commands: 0 };
        fill(&mut transaction);
        let (key, commands) = (transaction.at, transaction.commands);
        encode(&mut self.bytes, 0, &[b"EXEC"]);
        self.units.push(Unit {
            bytes: start..self.bytes.len(),
            key,
            replies: commands + 2,
            effect: Effect::Write,
        });
    }

    /// These of its units, in order.
    pub(crate) fn only(&self, units: &[usize]) -> Self {
        let mut only = Self::with_capacity(units.len());
        for &unit in units {
            only.copy(self, unit);
        }
        only
    }

    /// Adds the units of another pipeline.
    pub(crate) fn append(&mut self, other: &Self) {
        (0..other.len()).for_each(|unit| self.copy(other, unit));
    }

    fn copy(&mut self, other: &Self, unit: usize) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(other.encoded(unit));
        let unit = &other.units[unit];
        let key = match unit.key.start {
            0 => 0..0,
            at => start + at - unit.bytes.start..start + unit.key.end - unit.bytes.start,
        };
        self.units.push(Unit { bytes: start..self.bytes.len(), key, ..unit.clone() });
    }

    /// How many units there are.
    pub(crate) fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// How many replies the server gives to all of it.
    pub(crate) fn replies(&self) -> usize {
        self.units.iter().map(|unit| unit.replies).sum()
    }

    pub(crate) fn unit(&self, index: usize) -> &Unit {
        &self.units[index]
    }

    /// The bytes of one unit.
    pub(crate) fn encoded(&self, index: usize) -> &[u8] {
        &self.bytes[self.units[index].bytes.clone()]
    }

    /// The bytes of all units.
    pub(crate) fn all(&self) -> &[u8] {
        &self.bytes
    }

    /// The key that decides which cluster node a unit goes to.
    pub(crate) fn key(&self, index: usize) -> Option<&[u8]> {
        let key = &self.units[index].key;
        // An empty range at 0 is no key; an empty key lies behind its command's name.
        (key.start != 0).then(|| &self.bytes[key.clone()])
    }

    /// Whether a unit reads a key that no later unit writes: read again, it finds what it would
    /// have found.
    pub(crate) fn can_be_read_again(&self, index: usize) -> bool {
        let key = self.key(index);
        let writes =
            |later: usize| self.units[later].effect == Effect::Write && self.key(later) == key;
        self.units[index].effect == Effect::Read && !(index + 1..self.len()).any(writes)
    }

    /// Overwrites what was encoded; for commands that carry a password.
    pub(crate) fn wipe(&mut self) {
        self.bytes.zeroize();
    }
}

/// The commands between `MULTI` and `EXEC`.
pub(crate) struct Transaction<'a> {
    bytes: &'a mut Vec<u8>,
    key: &'a [u8],
    at: Range<usize>,
    commands: usize,
}

impl Transaction<'_> {
    /// Adds `name key args…`; the name may have two words.
    pub(crate) fn push(&mut self, name: &str, args: &[impl AsRef<[u8]>]) {
        self.at = about(self.bytes, name, self.key, args);
        self.commands += 1;
    }
}

fn about(out: &mut Vec<u8>, name: &str, key: &[u8], args: &[impl AsRef<[u8]>]) -> Range<usize> {
    let words = name.split(' ');
    header(out, words.clone().count() + 1 + args.len());
    for word in words {
        argument(out, word.as_bytes());
    }
    let at = argument(out, key);
    for arg in args {
        argument(out, arg.as_ref());
    }
    at
}

fn encode(out: &mut Vec<u8>, key_at: usize, args: &[&[u8]]) -> Range<usize> {
    header(out, args.len());
    let mut key = 0..0;
    for (i, arg) in args.iter().enumerate() {
        let at = argument(out, arg);
        if i == key_at && i != 0 {
            key = at;
        }
    }
    key
}

fn header(out: &mut Vec<u8>, args: usize) {
    out.push(b'*');
    out.extend_from_slice(itoa::Buffer::new().format(args).as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn argument(out: &mut Vec<u8>, arg: &[u8]) -> Range<usize> {
    out.push(b'$');
    out.extend_from_slice(itoa::Buffer::new().format(arg.len()).as_bytes());
    out.extend_from_slice(b"\r\n");
    let start = out.len();
    out.extend_from_slice(arg);
    out.extend_from_slice(b"\r\n");
    start..start + arg.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use redis::Value;

    use crate::backend::redis::wire::resp;

    #[test]
    fn the_key_of_a_command_is_found_even_when_it_is_empty() {
        let mut commands = Commands::default();
        commands.push(Effect::Read, 1, &[b"GET", b""]);
        commands.push(Effect::Read, 2, &[b"OBJECT", b"ENCODING", b"k"]);
        commands.push(Effect::Read, 0, &[b"PING"]);
        commands.transaction(b"t", |t| t.push("DEL", NO_ARGS));
        let keys: Vec<_> = (0..4).map(|i| commands.key(i)).collect();
        assert_eq!(keys, [Some(&b""[..]), Some(b"k"), None, Some(b"t")]);
        assert_eq!(commands.unit(3).replies, 3);
    }

    #[test]
    fn some_of_the_units_are_what_they_were_among_the_others() {
        let mut commands = Commands::default();
        commands.push(Effect::Read, 1, &[b"GET", b"a"]);
        commands.push(Effect::Read, 0, &[b"PING"]);
        commands.transaction(b"b", |t| t.push("DEL", NO_ARGS));
        commands.push(Effect::Write, 1, &[b"DEL", b""]);
        let only = commands.only(&[1, 2, 3]);
        for i in 0..3 {
            assert_eq!(only.encoded(i), commands.encoded(i + 1));
            assert_eq!(only.key(i), commands.key(i + 1));
            assert_eq!(only.unit(i).replies, commands.unit(i + 1).replies);
        }
        assert_eq!(only.len(), 3);
    }

    #[test]
    fn the_key_of_a_command_of_two_words_is_behind_both() {
        let mut commands = Commands::default();
        commands.push_about(Effect::Write, "XGROUP CREATE", b"k", &["g", "$"]);
        commands.transaction(b"t", |t| t.push("XGROUP DESTROY", &["g"]));
        assert_eq!([commands.key(0), commands.key(1)], [Some(&b"k"[..]), Some(b"t")]);
        let first = resp::decoded(commands.encoded(0));
        let words = ["XGROUP", "CREATE", "k", "g", "$"];
        let sent = words.map(|word| Value::BulkString(word.into())).to_vec();
        assert_eq!(first, Value::Array(sent));
    }

    #[test]
    fn appended_units_keep_their_keys() {
        let mut first = Commands::one(Effect::Read, 1, &[b"WATCH", b"a"]);
        let mut second = Commands::one(Effect::Read, 1, &[b"GET", b""]);
        second.push(Effect::Read, 0, &[b"PING"]);
        first.append(&second);
        let keys: Vec<_> = (0..3).map(|i| first.key(i)).collect();
        assert_eq!(keys, [Some(&b"a"[..]), Some(b""), None]);
        assert_eq!(first.encoded(2), second.encoded(1));
    }

    #[test]
    fn a_read_is_not_repeated_behind_a_write_of_its_key() {
        let mut commands = Commands::default();
        commands.push(Effect::Read, 1, &[b"GET", b"a"]);
        commands.push(Effect::Read, 1, &[b"GET", b"b"]);
        commands.push(Effect::Write, 1, &[b"DEL", b"a"]);
        commands.push(Effect::Read, 1, &[b"GET", b"a"]);
        let again: Vec<bool> = (0..4).map(|i| commands.can_be_read_again(i)).collect();
        assert_eq!(again, [false, true, false, true]);
    }

    proptest! {
        #[test]
        fn any_arguments_reach_the_server_as_they_are(
            args in proptest::collection::vec(any::<Vec<u8>>(), 1..6)
        ) {
            let slices: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            let commands = Commands::one(Effect::Read, 0, &slices);
            let sent = args.into_iter().map(Value::BulkString).collect();
            prop_assert_eq!(resp::decoded(commands.all()), Value::Array(sent));
        }
    }
}
