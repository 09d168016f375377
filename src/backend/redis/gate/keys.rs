//! Where a command's keys are among its arguments.

/// The rule for one command. Indices count from the command's name, which is at 0.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keys {
    None,
    /// The first, the last (below zero: from the end) and the distance, as `COMMAND` tells them.
    Range(usize, isize, usize),
    /// How many there are stands at the index; they follow it at the distance.
    Counted(usize, usize),
    /// A destination at 1; then how many sources there are, and these.
    Into,
    /// As the function finds them.
    By(fn(&[&[u8]]) -> Located),
}

/// One key, behind the command's name.
pub(super) const ONE: Keys = Keys::Range(1, 1, 1);
/// Two keys, behind the command's name.
pub(super) const TWO: Keys = Keys::Range(1, 2, 1);
/// All arguments.
pub(super) const ALL: Keys = Keys::Range(1, -1, 1);
/// One key, behind a subcommand.
pub(super) const SUB: Keys = Keys::Range(2, 2, 1);

/// The indices of the keys among the arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Located {
    start: usize,
    end: usize,
    step: usize,
    /// A key apart from the others: a destination.
    apart: Option<usize>,
}

impl Located {
    /// All of them.
    pub fn indices(self) -> impl Iterator<Item = usize> {
        self.apart.into_iter().chain((self.start..self.end).step_by(self.step.max(1)))
    }

    /// The first; `None` where there is none.
    pub fn first(self) -> Option<usize> {
        self.indices().next()
    }

    /// The one that there is; `None` where there is none, or several.
    pub fn only(self) -> Option<usize> {
        let mut indices = self.indices();
        indices.next().filter(|_| indices.next().is_none())
    }
}

impl Keys {
    /// Finds the keys. Arguments that make no sense have fewer; the server refuses them.
    pub(super) fn locate(self, args: &[&[u8]]) -> Located {
        match self {
            Self::None => Located::default(),
            Self::Range(first, last, step) => {
                let last = if last < 0 {
                    args.len().checked_add_signed(last)
                } else {
                    Some(last.unsigned_abs())
                };
                let end = last.map_or(0, |last| last + 1).min(args.len());
                Located { start: first, end: end.max(first), step, apart: None }
            }
            Self::Counted(at, step) => counted(args, at, step),
            Self::Into => {
                let apart = (args.len() > 1).then_some(1);
                Located { apart, ..counted(args, 2, 1) }
            }
            Self::By(find) => find(args),
        }
    }
}

fn counted(args: &[&[u8]], at: usize, step: usize) -> Located {
    let count = args.get(at).and_then(|count| std::str::from_utf8(count).ok()?.parse().ok());
    let start = at + 1;
    let end = count.and_then(|count: usize| start.checked_add(count.checked_mul(step)?));
    match end {
        Some(end) if end <= args.len() => Located { start, end, step, apart: None },
        _ => Located::default(),
    }
}

/// `… STREAMS key… id…`
pub(super) fn streams(args: &[&[u8]]) -> Located {
    let Some(word) = args.iter().position(|arg| arg.eq_ignore_ascii_case(b"STREAMS")) else {
        return Located::default();
    };
    let start = word + 1;
    Located { start, end: start + (args.len() - start) / 2, step: 1, apart: None }
}

/// `SORT key … [STORE destination]`, and `GEORADIUS` with the same.
pub(super) fn stored(args: &[&[u8]]) -> Located {
    let stores =
        |arg: &&[u8]| arg.eq_ignore_ascii_case(b"STORE") || arg.eq_ignore_ascii_case(b"STOREDIST");
    // A `STORE` that is the argument of another option makes one key too many. Then a cluster is
    // asked for two keys in one slot where one would do; nothing worse.
    let apart = args.iter().rposition(stores).map(|at| at + 1).filter(|at| *at < args.len());
    Located { apart, ..ONE.locate(args) }
}

/// `STRALGO LCS … KEYS a b`
pub(super) fn compared(args: &[&[u8]]) -> Located {
    match args.iter().position(|arg| arg.eq_ignore_ascii_case(b"KEYS")) {
        Some(at) if at + 2 < args.len() => {
            Located { start: at + 1, end: at + 3, step: 1, apart: None }
        }
        _ => Located::default(),
    }
}
