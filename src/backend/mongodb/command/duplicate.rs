//! Which unique index a write broke.

/// Whether another document has the key.
pub(crate) fn is_duplicate(code: i32) -> bool {
    matches!(code, 11000 | 11001)
}

/// The name of the index, out of a server's message: `… index: email_1 dup key: …`, and of older ones
/// `… index: app.users.$email_1 dup key: …`. It is for people; nothing is decided by it.
pub(crate) fn index_name(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("index: ")?;
    let end = [" dup key", " collation:"].iter().filter_map(|after| rest.find(after)).min()?;
    let name = &rest[..end];
    Some(name.rsplit_once(".$").map_or(name, |(_, name)| name)).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_found_in_the_messages_of_old_and_new_servers() {
        let name = |rest: &str| {
            let message = format!("E11000 duplicate key error {rest}");
            index_name(&message).map(str::to_owned)
        };
        for (rest, expected) in [
            ("collection: app.users index: _id_ dup key: { _id: 1 }", Some("_id_")),
            ("collection: app.users index: email_1 dup key: { email: \"a\" }", Some("email_1")),
            (
                "collection: a.b index: my index collation: { locale: \"de\" } dup key: { : 1 }",
                Some("my index"),
            ),
            ("index: app.users.$email_1 dup key: { : \"a\" }", Some("email_1")),
            ("collection: a.b index: x_1 dup key: { x: \"index: _id_ dup key\" }", Some("x_1")),
            ("collection: a.b", None),
            ("", None),
        ] {
            assert_eq!(name(rest).as_deref(), expected, "{rest}");
        }
    }
}
