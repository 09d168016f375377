//! Functions that do more than compute.
//!
//! A name is matched whole, with the schema where the statement gives one: `http_logs` is not
//! `http_get`, and `app.nextval` is not PostgreSQL's. Functions that the database's owner has
//! defined are the owner's matter.

mod built_in;
mod extensions;

/// How a statement names a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached<'a> {
    /// `name(…)`
    Called,
    /// `schema.name(…)`
    CalledIn(&'a str),
    /// `value.name`, which PostgreSQL takes for `name(value)` where no such column is found.
    Attribute,
}

/// Whether reaching this function, in a read-only transaction that is rolled back, may still have
/// an effect, or run SQL that no gate has seen.
pub(super) fn has_effects(reached: Reached<'_>, name: &str) -> bool {
    built_in(reached, name) || of_extension(reached, name)
}

fn built_in(reached: Reached<'_>, name: &str) -> bool {
    let alone = built_in::ONE_ARGUMENT.contains(&name);
    match reached {
        Reached::Attribute => alone,
        Reached::Called | Reached::CalledIn("pg_catalog") => {
            alone || built_in::OTHER.contains(&name)
        }
        Reached::CalledIn(_) => false,
    }
}

fn of_extension(reached: Reached<'_>, name: &str) -> bool {
    let homes = extensions::AT_HOME;
    // Most extensions can be put into any schema.
    extensions::ONE_ARGUMENT.contains(&name)
        || match reached {
            Reached::Attribute => false,
            Reached::Called => {
                extensions::OTHER.contains(&name) || homes.iter().any(|(_, n)| n.contains(&name))
            }
            Reached::CalledIn(schema) => {
                extensions::OTHER.contains(&name)
                    || homes.iter().any(|(home, n)| *home == schema && n.contains(&name))
            }
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_matched_whole_and_in_its_schema() {
        use Reached::{Attribute, Called, CalledIn};
        for (reached, name, expected) in [
            (Called, "pg_read_file", true),
            (CalledIn("pg_catalog"), "pg_read_file", true),
            (CalledIn("app"), "pg_read_file", false),
            (Attribute, "pg_read_file", true),
            (Called, "pg_read_files", false),
            // It takes three arguments, and an attribute is one.
            (Called, "set_config", true),
            (Attribute, "set_config", false),
            (CalledIn("anywhere"), "dblink_exec", true),
            (Called, "lo_count", false),
            (Called, "http_logs", false),
            (CalledIn("http"), "logs", false),
            (CalledIn("aws_lambda"), "invoke", true),
            (CalledIn("app"), "invoke", false),
            (Called, "invoke", true),
        ] {
            assert_eq!(has_effects(reached, name), expected, "{reached:?} {name}");
        }
    }

    #[test]
    fn no_name_is_so_long_that_the_server_would_cut_it() {
        let homes = extensions::AT_HOME.iter().flat_map(|(_, names)| names.iter());
        let lists =
            [built_in::ONE_ARGUMENT, built_in::OTHER, extensions::ONE_ARGUMENT, extensions::OTHER];
        for name in lists.iter().flat_map(|l| l.iter()).chain(homes) {
            assert!(name.len() < 63 && *name == name.to_lowercase(), "{name}");
        }
    }
}
