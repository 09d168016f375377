//! Passwords that servers show: in their settings, their users and their logs.

use redis::Value;

use crate::backend::redis::wire::reply;

/// What stands in a secret's place; Redis' own word for it.
pub(super) const REDACTED: &str = "(redacted)";

/// Takes the secrets out of the reply of a command, by its name in the gate's table.
pub(crate) fn redact(command: &str, value: &mut Value) {
    match command {
        "CONFIG GET" => each_pair(value, setting),
        "ACL GETUSER" => each_pair(value, member_of_user),
        "ACL LIST" => each(value, |line| {
            if let Some(text) = reply::text(line) {
                let words = text
                    .split(' ')
                    .map(|word| if is_password(word.as_bytes()) { REDACTED } else { word });
                *line = bulk(&words.collect::<Vec<_>>().join(" "));
            }
        }),
        "SLOWLOG GET" | "COMMANDLOG GET" => each(value, |entry| {
            if let Value::Array(entry) = entry
                && let Some(Value::Array(args)) = entry.get_mut(3)
            {
                arguments(args);
            }
        }),
        _ => {}
    }
}

/// Whether a setting of that name holds a secret.
pub(super) fn is_secret(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    // `requirepass`, `masterauth` and `primaryauth`, `tls-key-file-pass`, `tls-client-key-file-pass`,
    // and what modules name alike.
    [&b"pass"[..], b"auth", b"password", b"secret", b"token"].iter().any(|end| name.ends_with(end))
}

/// Takes the secrets out of a logged command.
pub(super) fn arguments(args: &mut [Value]) {
    let word = |at: usize| {
        let word = args.get(at).and_then(reply::bytes).unwrap_or_default();
        word.to_ascii_uppercase()
    };
    let (name, subcommand) = (word(0), word(1));
    let hidden: Vec<usize> = match (name.as_slice(), subcommand.as_slice()) {
        (b"AUTH", _) => (1..args.len()).collect(),
        (b"HELLO" | b"MIGRATE", _) => {
            let auth =
                (1..args.len()).find(|&at| matches!(word(at).as_slice(), b"AUTH" | b"AUTH2"));
            auth.map(|at| (at + 1..args.len().min(at + 3)).collect()).unwrap_or_default()
        }
        (b"CONFIG", b"SET") => {
            (3..args.len()).step_by(2).filter(|at| is_secret(&word(at - 1))).collect()
        }
        (b"SENTINEL", b"SET" | b"CONFIG") => {
            (3..args.len()).filter(|at| is_secret(&word(at - 1))).collect()
        }
        (b"ACL", b"SETUSER") => (3..args.len())
            .filter(|at| args.get(*at).and_then(reply::bytes).is_some_and(is_password))
            .collect(),
        _ => Vec::new(),
    };
    for at in hidden {
        args[at] = bulk(REDACTED);
    }
}

/// Whether a rule of `ACL SETUSER` adds or removes a password, or its hash.
fn is_password(rule: &[u8]) -> bool {
    matches!(rule.first(), Some(b'>' | b'<' | b'#' | b'!'))
}

fn setting(name: &Value, value: &mut Value) {
    let is_set = reply::bytes(value).is_some_and(|value| !value.is_empty());
    if is_set && reply::bytes(name).is_some_and(is_secret) {
        *value = bulk(REDACTED);
    }
}

fn member_of_user(name: &Value, value: &mut Value) {
    if reply::bytes(name) == Some(b"passwords") {
        each(value, |password| *password = bulk(REDACTED));
    }
}

/// Names and values, however the protocol pairs them.
fn each_pair(pairs: &mut Value, change: impl Fn(&Value, &mut Value)) {
    match pairs {
        Value::Map(pairs) => pairs.iter_mut().for_each(|(name, value)| change(name, value)),
        Value::Array(flat) => flat.chunks_exact_mut(2).for_each(|pair| {
            if let [name, value] = pair {
                change(name, value);
            }
        }),
        _ => {}
    }
}

fn each(value: &mut Value, change: impl FnMut(&mut Value)) {
    if let Value::Array(elements) | Value::Set(elements) = value {
        elements.iter_mut().for_each(change);
    }
}

fn bulk(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Value> {
        line.split(' ').map(bulk).collect()
    }

    fn shown(line: &str) -> String {
        let mut args = words(line);
        arguments(&mut args);
        args.iter().filter_map(reply::text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn logged_commands_lose_their_secrets_only() {
        let cases = [
            ("AUTH alice s3cret", "AUTH (redacted) (redacted)"),
            ("hello 3 auth alice s3cret SETNAME x", "hello 3 auth (redacted) (redacted) SETNAME x"),
            ("MIGRATE h 1 k 0 9 AUTH s3cret", "MIGRATE h 1 k 0 9 AUTH (redacted)"),
            ("MIGRATE h 1 k 0 9 AUTH2 u s3cret KEYS a", {
                "MIGRATE h 1 k 0 9 AUTH2 (redacted) (redacted) KEYS a"
            }),
            ("config set maxmemory 5 RequirePass s3cret", {
                "config set maxmemory 5 RequirePass (redacted)"
            }),
            ("CONFIG SET tls-auth-clients no", "CONFIG SET tls-auth-clients no"),
            ("SENTINEL SET m auth-pass s3cret", "SENTINEL SET m auth-pass (redacted)"),
            ("ACL SETUSER a on >s3cret ~* #ab !cd", {
                "ACL SETUSER a on (redacted) ~* (redacted) (redacted)"
            }),
            ("SET k >v", "SET k >v"),
            ("HELLO 3", "HELLO 3"),
            ("HELLO 3 AUTH", "HELLO 3 AUTH"),
        ];
        for (line, expected) in cases {
            assert_eq!(shown(line), expected);
        }
    }

    #[test]
    fn settings_that_hold_secrets_are_known_by_their_names() {
        let secret = [
            "requirepass",
            "masterauth",
            "primaryauth",
            "tls-key-file-pass",
            "tls-client-key-file-pass",
        ];
        assert!(secret.iter().all(|name| is_secret(name.as_bytes())));
        for name in
            ["maxmemory", "tls-auth-clients", "aclfile", "masteruser", "enable-debug-command"]
        {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_setting_without_a_value_shows_that_it_has_none() {
        for shape in [
            Value::Array(words("requirepass s3cret maxmemory 0")),
            Value::Map(vec![(bulk("requirepass"), bulk("s3cret"))]),
        ] {
            let mut value = shape;
            redact("CONFIG GET", &mut value);
            assert!(!format!("{value:?}").contains("s3cret"));
        }
        let mut value = Value::Array(vec![bulk("requirepass"), bulk("")]);
        redact("CONFIG GET", &mut value);
        assert_eq!(value, Value::Array(vec![bulk("requirepass"), bulk("")]));
    }

    #[test]
    fn users_are_shown_without_their_passwords() {
        let mut value = Value::Array(vec![bulk("user a on #abc ~* +@all")]);
        redact("ACL LIST", &mut value);
        assert_eq!(value, Value::Array(vec![bulk("user a on (redacted) ~* +@all")]));
        let passwords = Value::Array(vec![bulk("abc")]);
        for shape in [
            Value::Array(vec![bulk("passwords"), passwords.clone()]),
            Value::Map(vec![(bulk("passwords"), passwords.clone())]),
        ] {
            let mut value = shape;
            redact("ACL GETUSER", &mut value);
            assert!(!format!("{value:?}").contains("abc"));
        }
    }
}
