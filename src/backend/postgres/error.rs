//! What the server or the wire says went wrong, and how it is told.

use std::fmt::Write as _;

use postgres_protocol::message::backend::ErrorFields;

use fallible_iterator::FallibleIterator as _;

use crate::error::{Code, Error};

/// More fields than the protocol has kinds of. A hostile server could send millions of empty ones in
/// one message, each of which takes many times its length in memory.
const MOST_FIELDS: usize = 32;

/// Fields that are told under the names that `pg` and pg-meta give them.
const OTHERS: [(u8, &str); 13] = [
    (b'D', "detail"),
    (b'H', "hint"),
    (b'p', "internalPosition"),
    (b'q', "internalQuery"),
    (b'W', "where"),
    (b's', "schema"),
    (b't', "table"),
    (b'c', "column"),
    (b'd', "dataType"),
    (b'n', "constraint"),
    (b'F', "file"),
    (b'L', "line"),
    (b'R', "routine"),
];

/// Why an exchange with the server ended badly.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server answered with an error.
    Server(Box<ServerError>),
    /// The connection broke; whether the server ran what was sent is not known here.
    Lost(String),
    /// We ended it: the request can't be sent, or its answer can't be taken.
    Refused(Error),
}

impl Failure {
    /// The peer does not speak the protocol; the connection can't be used any further.
    pub(super) fn protocol(what: impl std::fmt::Display) -> Self {
        Self::Lost(format!("the server broke the protocol: {what}"))
    }

    /// As it is told where it has no outcome; `of_server` tells the server's own.
    pub(super) fn told(self, of_server: impl FnOnce(&ServerError) -> Error) -> Error {
        match self {
            Self::Server(error) => of_server(&error),
            Self::Lost(why) => Error::unreachable(why),
            Self::Refused(error) => error,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Lost(format!("the connection to the server was lost: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// The fields of an `ErrorResponse` or `NoticeResponse` message (PostgreSQL documentation,
/// "Error and Notice Message Fields").
#[derive(Debug, Default, Clone)]
pub(super) struct ServerError {
    pub severity: String,
    pub sqlstate: String,
    pub message: String,
    /// Untranslated severity: `ERROR`, `FATAL`, `PANIC`.
    level: String,
    /// One-based position in the statement, in characters.
    pub position: Option<u32>,
    /// Those of [`OTHERS`].
    pub others: Vec<(&'static str, String)>,
}

impl ServerError {
    /// Reads the fields; broken ones are left out, because the error itself must get through.
    pub(super) fn read(mut fields: ErrorFields<'_>) -> Self {
        let mut error = Self::default();
        while let Ok(Some(field)) = fields.next() {
            let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.type_() {
                b'S' => error.severity = value,
                b'V' => error.level = value,
                b'C' => error.sqlstate = value,
                b'M' => error.message = value,
                b'P' => error.position = value.parse().ok(),
                kind => {
                    let name = OTHERS.iter().find(|(other, _)| *other == kind);
                    if let Some((_, name)) = name.filter(|_| error.others.len() < MOST_FIELDS) {
                        error.others.push((name, value));
                    }
                }
            }
        }
        error
    }

    /// Cuts its texts, where they are longer than so many bytes.
    pub(super) fn shorten(&mut self, longest: usize) {
        let texts = self.others.iter_mut().map(|(_, text)| text).chain([&mut self.message]);
        for text in texts {
            let cut = (0..=longest.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(cut.unwrap_or(0));
        }
    }

    /// The server ended the session along with the statement.
    pub(super) fn is_fatal(&self) -> bool {
        let level = if self.level.is_empty() { &self.severity } else { &self.level };
        matches!(level.as_str(), "FATAL" | "PANIC")
    }

    /// Whether the session remembers what was changed or dropped meanwhile: a plan of its own, or what
    /// a function looked up when it was first called. PostgreSQL translates no message of the first
    /// kind, and no names of its source files and routines.
    pub(super) fn is_of_stale_cache(&self) -> bool {
        match self.sqlstate.as_str() {
            "XX000" => ["cache lookup failed for ", "could not open relation with OID "]
                .into_iter()
                .any(|beginning| self.message.starts_with(beginning)),
            "0A000" => self.other("routine") == Some("RevalidateCachedQuery"),
            "42804" => self.other("file") == Some("pl_exec.c"),
            _ => false,
        }
    }

    /// Whether the server found out before it did anything: what the statement names is not there, or
    /// is there already, or is not what it may be. Said from within a function, it may be anything.
    pub(super) fn is_beforehand(&self) -> bool {
        let states = [
            "25001", "25006", "3D000", "3F000", "42501", "42601", "42703", "42704", "42710",
            "42809", "42P01", "42P04", "42P07",
        ];
        self.other("where").is_none() && states.contains(&self.sqlstate.as_str())
    }

    /// Whether the server itself says so of the statement, and nothing that the statement has run: what
    /// a function raises, with whatever SQLSTATE and text, comes with where that was.
    pub(super) fn is_of_the_server(&self) -> bool {
        let inside = ["where", "internalQuery", "internalPosition"];
        !inside.into_iter().any(|name| self.other(name).is_some_and(|value| !value.is_empty()))
    }

    /// Whether a statement that was kept parsed does not fit what is there now, so that nothing of it
    /// was run: it was parsed for other columns, types or functions, or takes other parameters.
    pub(super) fn is_of_parsing(&self) -> bool {
        let parameter =
            |place: &str| place.starts_with("unnamed portal parameter $") && !place.contains('\n');
        let own = self.is_of_the_server() || self.other("where").is_some_and(parameter);
        own && (self.sqlstate.starts_with("42") || self.is_of_stale_cache())
    }

    pub(super) fn other(&self, name: &str) -> Option<&str> {
        self.others.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    /// The message as psql would print it, laid out exactly as pg-meta's `formattedError`.
    fn formatted(&self, sql: &str) -> String {
        let mut text = String::new();
        if !self.severity.is_empty() {
            let _ = write!(text, "{}:  ", self.severity);
        }
        if !self.sqlstate.is_empty() {
            let _ = write!(text, "{}: ", self.sqlstate);
        }
        text.push_str(&self.message);
        text.push('\n');
        if let Some(position) = self.position {
            let (number, line, offset) = locate(sql, position as usize);
            let indent = 5 + number.to_string().len() + 2 + offset;
            let _ = write!(text, "LINE {number}: {line}\n{}^\n", " ".repeat(indent));
        }
        for (label, name) in [
            ("DETAIL", "detail"),
            ("HINT", "hint"),
            ("QUERY", "internalQuery"),
            ("CONTEXT", "where"),
        ] {
            if let Some(value) = self.other(name) {
                let _ = writeln!(text, "{label}:  {value}");
            }
        }
        text
    }

    /// The error of a statement as it is told: code by SQLSTATE, every field in `details`.
    pub(super) fn to_error(&self, sql: Option<&str>) -> Error {
        self.told(self.code(), sql)
    }

    /// The error of a log-in. It is the endpoint's: others who can't get in either are told why, but
    /// not in the server's words.
    pub(super) fn to_log_in_error(&self) -> Error {
        let (code, why) = self.log_in_code();
        let error = self.told(code, None);
        match why {
            Some(why) => error.of_endpoint_as(format!("{why} (SQLSTATE {})", self.sqlstate)),
            None => error,
        }
    }

    fn told(&self, code: Code, sql: Option<&str>) -> Error {
        let mut error = Error::new(code, self.message.clone())
            .detail("sqlstate", self.sqlstate.clone())
            .detail("severity", self.severity.clone());
        if let Some(position) = self.position {
            error = error.detail("position", position);
        }
        for (name, value) in &self.others {
            error = error.detail(name, value.clone());
        }
        match sql {
            Some(sql) => error.detail("formattedError", self.formatted(sql)),
            None => error,
        }
    }

    /// What an error of a statement is. Whatever its SQLSTATE (PostgreSQL documentation, appendix A)
    /// says of connections and log-ins, a plain `ERROR` is the statement's: a foreign server is
    /// dead, the number of parameters is wrong, or a function raised it. Only with `FATAL` and `PANIC`
    /// is the session gone, and that too may be the statement's doing.
    fn code(&self) -> Code {
        match (self.is_fatal(), self.sqlstate.as_str()) {
            (false, "42501") => Code::PermissionDenied,
            (false, _) => Code::DbQueryError,
            // A pooler has no session to give.
            (true, "53300") => Code::PoolExhausted,
            (true, _) => Code::DbConnectionFailed,
        }
    }

    /// What an error of a log-in is, and what others are told of it. Poolers answer with a plain
    /// `ERROR` as well, and with SQLSTATEs of their own.
    fn log_in_code(&self) -> (Code, Option<&'static str>) {
        match self.sqlstate.as_str() {
            "53300" => (Code::PoolExhausted, None),
            "42501" => {
                (Code::PermissionDenied, Some("the stored user may not connect to the database"))
            }
            "3D000" => (Code::DbConnectionFailed, Some("the database does not exist")),
            "57P01" | "57P02" | "57P03" => {
                (Code::DbConnectionFailed, Some("the server is starting up or shutting down"))
            }
            code if code.starts_with("28") => (
                Code::DbInvalidCredentials,
                Some("the server refused the stored user name or password"),
            ),
            _ => (Code::DbConnectionFailed, Some("the server refused the log-in")),
        }
    }
}

/// Line number (from one; zero when the position is past the end), text of that line and offset in
/// it of a one-based character position.
fn locate(sql: &str, position: usize) -> (usize, &str, usize) {
    let position = position.saturating_sub(1);
    let mut start = 0;
    for (index, line) in sql.split('\n').enumerate() {
        let length = line.chars().count();
        if start + length > position {
            return (index + 1, line, position - start);
        }
        start += length + 1;
    }
    (0, "", 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postgres_protocol::message::backend::Message;

    #[test]
    fn the_caret_stands_under_the_character_the_server_points_at() {
        let error = ServerError {
            severity: "ERROR".into(),
            sqlstate: "42703".into(),
            message: "column \"x\" does not exist".into(),
            position: Some(12),
            others: vec![("hint", "look".into())],
            ..ServerError::default()
        };
        assert_eq!(
            error.formatted("select 1,\n x"),
            "ERROR:  42703: column \"x\" does not exist\nLINE 2:  x\n         ^\nHINT:  look\n"
        );
    }

    #[test]
    fn a_message_of_countless_fields_is_cut_to_what_servers_send() {
        let mut buffer = bytes::BytesMut::from(&b"E\0\0\0\0"[..]);
        buffer.extend_from_slice(b"Mbroken\0");
        buffer.extend_from_slice(&b"Dx\0".repeat(100_000));
        buffer.extend_from_slice(b"\0");
        let length = u32::try_from(buffer.len() - 1).unwrap();
        buffer[1..5].copy_from_slice(&length.to_be_bytes());
        let Ok(Some(Message::ErrorResponse(body))) = Message::parse(&mut buffer) else { panic!() };
        let error = ServerError::read(body.fields());
        assert_eq!(error.message, "broken");
        assert!(error.others.len() < 50, "{}", error.others.len());
    }

    #[test]
    fn a_position_past_the_end_is_line_zero_as_in_pg_meta() {
        assert_eq!(locate("select", 7), (0, "", 0));
    }

    /// Every SQLSTATE that speaks of connections, log-ins and the server's state, and some that don't.
    const STATES: [&str; 24] = [
        "08000", "08001", "08003", "08004", "08006", "08007", "08P01", "28000", "28P01", "3D000",
        "42501", "53000", "53100", "53200", "53300", "57014", "57P01", "57P02", "57P03", "57P04",
        "57P05", "25P03", "XX000", "42601",
    ];

    fn of(level: &str, sqlstate: &str) -> ServerError {
        ServerError {
            level: level.into(),
            sqlstate: sqlstate.into(),
            message: "canary".into(),
            ..ServerError::default()
        }
    }

    #[test]
    fn a_plain_error_of_a_statement_is_the_statements_whatever_it_calls_itself() {
        for state in STATES {
            let error = of("ERROR", state).to_error(None);
            let expected =
                if state == "42501" { Code::PermissionDenied } else { Code::DbQueryError };
            assert_eq!(error.code(), expected, "{state}");
            assert_eq!(error.endpoint_failure(), None, "{state}");
        }
    }

    #[test]
    fn a_session_that_ended_under_a_statement_is_that_statements_loss() {
        for (level, state) in ["FATAL", "PANIC"].into_iter().flat_map(|l| STATES.map(|s| (l, s))) {
            let error = of(level, state).to_error(None);
            let expected =
                if state == "53300" { Code::PoolExhausted } else { Code::DbConnectionFailed };
            assert_eq!(error.code(), expected, "{level} {state}");
            assert_eq!(error.endpoint_failure(), None, "{level} {state}");
        }
    }

    #[test]
    fn a_refused_log_in_is_the_endpoints_and_others_are_told_in_our_words() {
        for (level, state) in ["ERROR", "FATAL"].into_iter().flat_map(|l| STATES.map(|s| (l, s))) {
            let error = of(level, state).to_log_in_error();
            let expected = match state {
                "28000" | "28P01" => Code::DbInvalidCredentials,
                "42501" => Code::PermissionDenied,
                "53300" => Code::PoolExhausted,
                _ => Code::DbConnectionFailed,
            };
            assert_eq!(error.code(), expected, "{level} {state}");
            match error.endpoint_failure() {
                Some(told) => {
                    assert!(told.contains(state) && !told.contains("canary"), "{told}");
                }
                None => assert_eq!(state, "53300", "the pool makes do with what it has"),
            }
            assert_eq!(error.message(), "canary");
        }
    }
}
