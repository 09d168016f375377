//! Commands whose arguments decide what they are.

use super::command::Reason;
use crate::permission::Permission;

/// Words that may follow, each with so many arguments of its own.
type Options = &'static [(&'static str, usize)];

/// How arguments decide.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arguments {
    /// They don't.
    Nothing,
    /// With these options alone, from that index on, it reads.
    ReadsWith(usize, Options),
    /// With these options alone before `STREAMS` it does not wait, and needs this permission.
    StreamsWith(Permission, Options),
    /// It shows what it has, unless that is to be forgotten.
    ShowsLog,
}

/// `SORT key [BY p] [LIMIT o c] [GET p]… [ASC|DESC] [ALPHA] [STORE key]`
pub(super) const SORT: Arguments = Arguments::ReadsWith(
    2,
    &[("BY", 1), ("LIMIT", 2), ("GET", 1), ("ASC", 0), ("DESC", 0), ("ALPHA", 0)],
);

/// `GEORADIUS key longitude latitude radius unit … [STORE key]`
pub(super) const RADIUS: Arguments = Arguments::ReadsWith(6, WITHOUT_STORE);

/// `GEORADIUSBYMEMBER key member radius unit … [STORE key]`
pub(super) const RADIUS_BY_MEMBER: Arguments = Arguments::ReadsWith(5, WITHOUT_STORE);

const WITHOUT_STORE: Options = &[
    ("WITHCOORD", 0),
    ("WITHDIST", 0),
    ("WITHHASH", 0),
    ("COUNT", 1),
    ("ANY", 0),
    ("ASC", 0),
    ("DESC", 0),
];

/// `BITFIELD key [GET type offset]… [SET …]`
pub(super) const BITFIELD: Arguments = Arguments::ReadsWith(2, &[("GET", 2)]);

/// `XREAD [COUNT n] [BLOCK ms] STREAMS …`
pub(super) const STREAM_READ: Arguments = Arguments::StreamsWith(Permission::Read, &[("COUNT", 1)]);

/// `XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] [NOACK] [CLAIM ms] STREAMS …`
pub(super) const GROUP_READ: Arguments = Arguments::StreamsWith(
    Permission::Write,
    &[("GROUP", 2), ("COUNT", 1), ("NOACK", 0), ("CLAIM", 1)],
);

impl Arguments {
    /// What a command of this class is with these arguments.
    pub(super) fn decide(
        self,
        class: Result<Permission, Reason>,
        args: &[&[u8]],
    ) -> Result<Permission, Reason> {
        match self {
            Self::ReadsWith(from, known) if after(args, from, known) == args.len() => {
                Ok(Permission::Read)
            }
            Self::StreamsWith(permission, known) => match args.get(after(args, 1, known)) {
                Some(word) if word.eq_ignore_ascii_case(b"STREAMS") => Ok(permission),
                _ => class,
            },
            Self::ShowsLog => match args.get(2) {
                Some(word) if !word.iter().all(u8::is_ascii_digit) => Err(Reason::Dangerous),
                _ => class,
            },
            Self::Nothing | Self::ReadsWith(..) => class,
        }
    }
}

/// The index behind the options that are known.
fn after(args: &[&[u8]], from: usize, known: Options) -> usize {
    let mut at = from;
    while let Some(word) = args.get(at) {
        let option = known.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
        let Some((_, own)) = option else { break };
        at += 1 + own;
    }
    at
}
