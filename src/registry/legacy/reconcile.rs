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
    for beside in BESIDE {
        let mut more = taken.clone();
        if !(beside.take)(input, &mut more) {
            continue;
        }
        match Target::parse(kind, &more, rules) {
            Ok(fits) => (taken, target) = (more, fits),
            Err(_) => refused.push(beside.name),
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

/// A column beside a connection string. `take` copies it, and says whether there is one.
struct Beside {
    name: &'static str,
    take: fn(&TargetInput, &mut TargetInput) -> bool,
}

const BESIDE: [Beside; 5] = [
    Beside {
        name: "username",
        take: |from, to| {
            to.username.clone_from(&from.username);
            to.username.is_some()
        },
    },
    Beside {
        name: "password",
        take: |from, to| {
            to.password.clone_from(&from.password);
            to.password.is_some()
        },
    },
    Beside {
        name: "database",
        take: |from, to| {
            to.database_name.clone_from(&from.database_name);
            to.database_name.is_some()
        },
    },
    Beside {
        name: "host",
        take: |from, to| {
            to.host.clone_from(&from.host);
            to.host.is_some()
        },
    },
    Beside {
        name: "port",
        take: |from, to| {
            to.port = from.port;
            to.port.is_some()
        },
    },
];
