//! A line of the table.

use super::arguments::Arguments;
use super::keys::Keys;
use crate::backend::redis::wire::Effect;
use crate::permission::Permission;

/// Why a command is offered to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It changes the session, which is shared.
    Session,
    /// It waits, and would hold a shared connection meanwhile.
    Blocks,
    /// Its answers have no end.
    Endless,
    /// It can lose data, stop the server or change who may do what.
    Dangerous,
    /// Servers send it to each other.
    Internal,
    /// It does nothing without a subcommand.
    Incomplete,
}

impl Reason {
    /// Its name for programs; and for people what stands behind the command's.
    pub(super) fn words(self) -> [&'static str; 2] {
        match self {
            Self::Session => {
                ["session", "is not offered: it changes the session, which other requests share"]
            }
            Self::Blocks => {
                ["blocks", "is not offered: it waits on the server, on a connection that is shared"]
            }
            Self::Endless => {
                ["endless", "is not offered here: its answers have no end; subscribe instead"]
            }
            Self::Dangerous => [
                "dangerous",
                "is not offered: it can lose data, stop the server or change who may do what",
            ],
            Self::Internal => ["internal", "is not offered: servers send it to each other"],
            Self::Incomplete => ["incomplete", "needs a subcommand"],
        }
    }
}

/// A command or a subcommand, of any server generation.
#[derive(Debug)]
pub struct Command {
    /// In capitals; a subcommand stands behind its command: `CONFIG GET`.
    pub name: &'static str,
    /// What the table says, whatever the arguments.
    pub class: Result<Permission, Reason>,
    /// Whether running it twice could change anything.
    pub effect: Effect,
    pub(super) keys: Keys,
    pub(super) arguments: Arguments,
    /// What may stand behind it.
    pub(super) subcommands: &'static [Command],
}

/// What runs other scripts, which no script may.
const RUNS_SCRIPTS: [&str; 6] = ["EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO", "FCALL", "FCALL_RO"];

/// Reads data.
pub(super) const fn read(name: &'static str, keys: Keys) -> Command {
    Command::new(name, Ok(Permission::Read), Effect::Read, keys)
}

/// Changes data.
pub(super) const fn write(name: &'static str, keys: Keys) -> Command {
    Command::new(name, Ok(Permission::Write), Effect::Write, keys)
}

/// Shows what only an administrator should see, or costs the server too much for anybody else.
pub(super) const fn inspect(name: &'static str, keys: Keys) -> Command {
    Command::new(name, Ok(Permission::Admin), Effect::Read, keys)
}

/// Affects everybody.
pub(super) const fn admin(name: &'static str, keys: Keys) -> Command {
    Command::new(name, Ok(Permission::Admin), Effect::Write, keys)
}

/// Is offered to nobody.
pub(super) const fn never(name: &'static str, reason: Reason) -> Command {
    Command::new(name, Err(reason), Effect::Write, Keys::None)
}

/// Is only a name before subcommands.
pub(super) const fn container(name: &'static str, subcommands: &'static [Command]) -> Command {
    never(name, Reason::Incomplete).with(subcommands)
}

impl Command {
    const fn new(
        name: &'static str,
        class: Result<Permission, Reason>,
        effect: Effect,
        keys: Keys,
    ) -> Self {
        Self { name, class, effect, keys, arguments: Arguments::Nothing, subcommands: &[] }
    }

    /// Lets the arguments decide. What is said without them is the worst that they can make of it.
    pub(super) const fn unless(mut self, arguments: Arguments) -> Self {
        self.arguments = arguments;
        self
    }

    /// Sets where the keys are, for a command that is not always refused.
    pub(super) const fn at(mut self, keys: Keys) -> Self {
        self.keys = keys;
        self
    }

    /// For what reads on from where it was: sent again, it would skip what was lost with the first reply.
    pub(super) const fn only_once(mut self) -> Self {
        self.effect = Effect::Write;
        self
    }

    pub(super) const fn with(mut self, subcommands: &'static [Command]) -> Self {
        self.subcommands = subcommands;
        self
    }

    /// Whether the word behind it is a subcommand.
    pub fn has_subcommands(&self) -> bool {
        !self.subcommands.is_empty()
    }

    /// Whether scripts may call it: it is offered, whatever its arguments, or only not because it would
    /// wait, which it does not in a script.
    pub fn is_offered_to_scripts(&self) -> bool {
        match self.arguments {
            Arguments::ShowsLog => false,
            Arguments::StreamsWith(..) => true,
            _ => self.class.is_ok() && !RUNS_SCRIPTS.contains(&self.name),
        }
    }

    pub(super) fn subcommand(&self, word: &[u8]) -> Option<&'static Command> {
        let prefix = self.name.len() + 1;
        let is = |sub: &&Command| sub.name.as_bytes()[prefix..].eq_ignore_ascii_case(word);
        self.subcommands.iter().find(is)
    }
}
