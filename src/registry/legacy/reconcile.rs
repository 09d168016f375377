//! The target of a connection string and of columns beside it that may contradict it.

use crate::error::Result;
use crate::target::{DatabaseType, Rules, Target, TargetInput};

/// The target, and the columns that were not taken. Where one contradicts the string, the string is
/// what the older Studio connected by; a column that says more than the string is taken with it.
pub(super) fn reconcile(
    kind: DatabaseType,
    input: &TargetInput,
) -> Result<(Target, Vec<&'static str>)> {
    let rules = Rules { self_hosted: true };
    let whole = Target::parse(kind, input, rules);
    if whole.is_ok() || input.connection_string.is_none() {
        return whole.map(|target| (target, Vec::new()));
    }
    let mut taken = TargetInput {
        connection_string: input.connection_string.clone(),
        options: input.options.clone(),
        ..TargetInput::default()
    };
    let mut target = Target::parse(kind, &taken, rules)?;
    let mut refused = Vec::new();
    for (name, copy) in BESIDE {
        let mut more = taken.clone();
        copy(&mut more, input);
        match Target::parse(kind, &more, rules) {
            Ok(fits) => (taken, target) = (more, fits),
            Err(_) => refused.push(name),
        }
    }
    // A user and its password are refused one without the other, and may fit together.
    if refused.contains(&"username") && refused.contains(&"password") {
        let mut more = taken.clone();
        more.username.clone_from(&input.username);
        more.password.clone_from(&input.password);
        if let Ok(fits) = Target::parse(kind, &more, rules) {
            target = fits;
            refused.retain(|name| !matches!(*name, "username" | "password"));
        }
    }
    Ok((target, refused))
}

/// A column, and how it is copied.
type Column = (&'static str, fn(&mut TargetInput, &TargetInput));

/// The columns beside a connection string.
const BESIDE: [Column; 5] = [
    ("username", |to, from| to.username.clone_from(&from.username)),
    ("password", |to, from| to.password.clone_from(&from.password)),
    ("database", |to, from| to.database_name.clone_from(&from.database_name)),
    ("host", |to, from| to.host.clone_from(&from.host)),
    ("port", |to, from| to.port = from.port),
];
