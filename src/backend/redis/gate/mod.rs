//! What commands of a user may do.
//!
//! Commands are looked up in a [table](table), never guessed from their names or flags: one that is not
//! in it is refused, because a command that we don't know may write, may block, or may change the
//! session that requests share. Where the arguments decide, they are parsed as the server parses
//! them, and what is not understood counts as the worst that the command can do.

mod arguments;
mod command;
pub(super) mod fence;
mod index;
mod keys;
mod table;
#[cfg(test)]
mod tests;

pub use self::command::{Command, Reason};
pub use self::keys::Located;
pub use crate::backend::redis::wire::Effect;
use crate::error::{Code, Error, Result};
use crate::permission::Permission;

/// What the gate found out about one command with its arguments.
#[derive(Debug, Clone, Copy)]
pub struct Ruling {
    /// The command; of one with subcommands, the subcommand.
    pub command: &'static Command,
    /// What a user must be allowed to do.
    pub permission: Permission,
    /// Whether it may be sent again after a lost connection.
    pub effect: Effect,
    /// Where its keys are.
    pub keys: Located,
}

/// What a command costs that affects everybody or looks at everything.
const DEAR: u32 = 20;
/// So many words of a command count as much as another command.
const WORDS: usize = 100;

impl Ruling {
    /// What the command with so many words counts in the rate limit.
    pub fn cost(&self, words: usize) -> u32 {
        let least = if self.permission == Permission::Admin { DEAR } else { 1 };
        least.saturating_add(u32::try_from(words / WORDS).unwrap_or(u32::MAX))
    }
}

/// Rules on a command: its name, and then its arguments. What is offered to nobody is
/// `OPERATION_NOT_ALLOWED`.
///
/// Allocates nothing unless it refuses.
pub fn rule(args: &[&[u8]]) -> Result<Ruling> {
    let Some(name) = args.first() else { return Err(Error::validation("the command is empty")) };
    let container = index::find(name).ok_or_else(|| unknown(name, None))?;
    let command = match args.get(1) {
        Some(word) if container.has_subcommands() => {
            container.subcommand(word).ok_or_else(|| unknown(name, Some(word)))?
        }
        _ => container,
    };
    let permission = command.arguments.decide(command.class, args);
    let permission = permission.map_err(|reason| refused(command, reason))?;
    let only_reads = permission == Permission::Read && command.class != Ok(Permission::Read);
    let effect = if only_reads { Effect::Read } else { command.effect };
    Ok(Ruling { command, permission, effect, keys: command.keys.locate(args) })
}

/// What the table says of a command, whatever its arguments; `None` where it says nothing.
pub fn find(name: &[u8], subcommand: Option<&[u8]>) -> Option<&'static Command> {
    let command = index::find(name)?;
    match subcommand {
        Some(word) if command.has_subcommands() => command.subcommand(word),
        _ => Some(command),
    }
}

/// The commands that scripts may call, and those of whose subcommands they may call some.
pub(super) fn offered_to_scripts() -> impl Iterator<Item = &'static Command> {
    let has_some =
        |command: &Command| command.subcommands.iter().any(Command::is_offered_to_scripts);
    let all = table::FAMILIES.iter().copied().flatten();
    all.filter(move |command| command.is_offered_to_scripts() || has_some(command))
}

fn unknown(name: &[u8], subcommand: Option<&[u8]>) -> Error {
    let message = match subcommand {
        None => format!("{} is not a known command, and is refused for that", shown(name)),
        Some(word) => {
            format!("{} has no known subcommand {}", shown(name), shown(word))
        }
    };
    Error::new(Code::OperationNotAllowed, message)
}

/// A word of the user's, short enough for a message.
fn shown(word: &[u8]) -> String {
    let start = &word[..word.len().min(40)];
    format!("{:?}", String::from_utf8_lossy(start))
}

fn refused(command: &Command, reason: Reason) -> Error {
    let [code, why] = reason.words();
    let message = format!("{} {why}", command.name);
    Error::new(Code::OperationNotAllowed, message).detail("reason", code)
}
