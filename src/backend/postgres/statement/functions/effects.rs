//! Which functions have effects that a read-only transaction does not undo.

use super::{built_in, extensions};

/// How a statement names a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached<'a> {
    /// `name(…)`
    Called,
    /// `schema.name(…)`
    CalledIn(&'a str),
    /// `value.name`, which PostgreSQL takes for `name(value)` where no such column is found.
    Attribute,
}

/// Whether reaching this function, in a read-only transaction that is rolled back, may still have
/// an effect, or run SQL that no gate has seen.
pub(crate) fn has_effects(reached: Reached<'_>, name: &str) -> bool {
    built_in(reached, name) || of_extension(reached, name)
}

fn built_in(reached: Reached<'_>, name: &str) -> bool {
    let alone = built_in::ONE_ARGUMENT.has(name);
    match reached {
        Reached::Attribute => alone,
        Reached::Called | Reached::CalledIn("pg_catalog") => alone || built_in::OTHER.has(name),
        Reached::CalledIn(_) => false,
    }
}

fn of_extension(reached: Reached<'_>, name: &str) -> bool {
    let mut homes = extensions::AT_HOME.iter();
    let is_in = |names: &str| names.split_whitespace().any(|other| other == name);
    // Most extensions can be put into any schema.
    extensions::ONE_ARGUMENT.has(name)
        || match reached {
            Reached::Attribute => extensions::ONE_ARGUMENT_AT_HOME.has(name),
            Reached::Called => extensions::OTHER.has(name) || homes.any(|(_, names)| is_in(names)),
            Reached::CalledIn(schema) => {
                extensions::OTHER.has(name)
                    || extensions::WHOLE_SCHEMAS.contains(&schema)
                    || homes.any(|(home, names)| *home == schema && is_in(names))
            }
        }
}
