//! Operations as data: everything that is known of one, declared once.

use std::future::Future;
use std::time::Duration;

use futures_util::future::BoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::context::Context;
use super::effect::Declared;
use super::feed::Format;
use super::params::Params;
use super::reply::Reply;
use super::tally::Tally;
use crate::error::{Code, Result};
use crate::permission::Permission;
use crate::target::DatabaseType;

/// All paths start with it.
pub const BASE_PATH: &str = "/api/platform";

/// Below it, where any operation is run by its name: for input that no URL can carry.
pub const CALL_PATH: &str = "/multidb/call";

/// The HTTP methods that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, clippy::upper_case_acronyms)]
pub enum Method {
    GET,
    POST,
    PUT,
    PATCH,
    DELETE,
}

impl Method {
    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GET => "GET",
            Self::POST => "POST",
            Self::PUT => "PUT",
            Self::PATCH => "PATCH",
            Self::DELETE => "DELETE",
        }
    }

    /// What an operation does whose line of the table does not say.
    pub const fn effect(self) -> Declared {
        match self {
            Self::GET => Declared::Reads,
            _ => Declared::Writes,
        }
    }
}

/// What the permission is checked against, and what is resolved before the operation runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `{scope}` names a connection of this type.
    Connection(DatabaseType),
    /// `{id}` is a connection of any type.
    Entry,
    /// `{id}` is a connection of this type, in the project that `{scope}` names.
    Member(DatabaseType),
    /// `{scope}` is a project, or a connection's id and then that connection's project.
    Project(DatabaseType),
    /// The operation checks each project it touches by itself.
    Registry,
    /// The process as a whole, which is nobody's but the operator's: asks for the operator's token.
    Operator,
    /// Open to whoever can reach the process.
    Public,
}

/// What the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A JSON object whose members are input.
    Json,
    /// Anything, read while it arrives ([`Context::upload`]). All input is in path and query.
    Upload,
}

/// What the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// One JSON text in the envelope.
    Json,
    /// One JSON text, or records sent while they are made where those were asked for.
    Stream,
    /// Records sent while they are made.
    Records,
    /// One JSON text, or the user's documents line by line where NDJSON was asked for.
    Documents,
    /// A file in one of these formats, whatever was asked for; the input says which.
    File(&'static [Format]),
    /// One JSON object of a form of its own, without the envelope.
    Bare,
    /// Messages for as long as anybody reads them: a WebSocket, or a stream where one was asked for.
    Socket,
}

/// What an operation's answers look like.
#[derive(Debug, Default)]
pub struct AnswerSchemas {
    /// `data` of the one JSON text, or all of it where there is no envelope.
    pub data: Option<Schema>,
    /// A record of the stream, a message of the socket, or a line of the file.
    pub record: Option<Schema>,
    /// A message that the client of a socket may send.
    pub heard: Option<Schema>,
}

/// Runs an operation.
pub type Run = for<'a> fn(&'a Context, Params) -> BoxFuture<'a, Result<Reply>>;

/// One capability, as all doors and the OpenAPI document see it.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Stable name: `redis.keys.list`.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below `/api/platform`, with `{names}` for parameters.
    pub path: &'static str,
    /// What it is checked against.
    pub subject: Subject,
    /// The least a user must be allowed to do. An operation may require more once it has read its
    /// input.
    pub permission: Permission,
    /// Whether it reads or writes.
    pub effect: Declared,
    /// What it counts in the rate limiter at least; an operation may cost more once it has read its
    /// input.
    pub cost: u32,
    /// How long an answer may be served again.
    pub cache: Option<Duration>,
    /// What the request's body is.
    pub takes: Takes,
    /// What the answer is.
    pub gives: Gives,
    /// Whether its first step takes less time than waking another thread, where its input is short.
    pub is_brief: bool,
    /// One sentence, and after it what else is to be known.
    pub text: &'static str,
    /// Codes of its failures, besides those that any operation on such a subject can have.
    pub fails: &'static [Code],
    /// JSON schema of the input.
    pub input: fn(&mut SchemaGenerator) -> Schema,
    /// JSON schemas of its answers.
    pub answers: fn(&mut SchemaGenerator) -> AnswerSchemas,
    /// How it went so far, in this process.
    pub tally: &'static Tally,
    /// The code.
    pub run: Run,
}

impl Operation {
    /// The first paragraph of its text, and those after it.
    pub fn summary_and_description(&self) -> (String, String) {
        let lines = self.text.lines().map(str::trim);
        let text = lines.map(|line| if line.is_empty() { "\n\n" } else { line });
        let text = text.collect::<Vec<_>>().join(" ");
        let mut paragraphs = text.split("\n\n").map(str::trim);
        let summary = paragraphs.next().unwrap_or_default().to_owned();
        (summary, paragraphs.collect::<Vec<_>>().join("\n\n"))
    }
}

/// The schema of an operation function's input.
pub fn input_schema<'a, I, F, R, T>(_run: F, generator: &mut SchemaGenerator) -> Schema
where
    I: JsonSchema,
    F: Fn(&'a Context, I) -> R,
    R: Future<Output = Result<Reply<T>>>,
{
    I::json_schema(generator)
}

/// The schema of what an operation function answers in one JSON text.
pub fn data_schema<'a, I, F, R, T>(_run: F, generator: &mut SchemaGenerator) -> Schema
where
    T: JsonSchema,
    F: Fn(&'a Context, I) -> R,
    R: Future<Output = Result<Reply<T>>>,
{
    generator.subschema_for::<T>()
}

/// Declares a table of operations:
///
/// ```text
/// operations! {
///     /// One page of keys.
///     "redis.keys.list" GET "/redis/{scope}/keys" Connection(Redis) Read 5 => keys::list;
/// }
/// ```
///
/// The doc comment's first line is the summary, the rest the description; the number is the cost. Name
/// and path may be given in parts. Before the arrow, in this order: `does reads`, `does writes` or
/// `does by_input` where that does not go with the method ([`Declared`]); `cache 30` lets an answer be
/// served again for 30 seconds; `fails Conflict` names codes of its own; `takes upload` says that the
/// body is read while it arrives; last, `is brief` says that its first step is
/// ([`Operation::is_brief`]).
///
/// What is given that is not one JSON text in the envelope is a `stream(Record)`, `records(Record)`,
/// `documents`, a `file(Csv, Json)` in one of these formats, whose lines are `file(Ndjson; Line)`, `bare`,
/// or a `socket(Message, Heard)` ([`Gives`]). What the one JSON text holds is the function's
/// [`Reply`]'s to say.
macro_rules! operations {
    ($(
        $(#[doc = $text:expr])+
        $($name:literal)+ $method:ident $($path:literal)+ $subject:ident$(($type:ident))? $permission:ident
        $cost:literal $(does $does:ident)? $(cache $cache:literal)? $(fails $($fails:ident),+)?
        $(takes $takes:ident)? $(gives $gives:ident $(($($of:tt)+))?)? $(is $is:ident)?
            => $run:path;
    )*) => {
        /// The operations of this module.
        pub static OPERATIONS: &[$crate::request::operation::Operation] = &[$(
            $crate::request::operation::Operation {
                name: concat!($($name),+),
                method: $crate::request::operation::Method::$method,
                path: concat!($($path),+),
                subject: $crate::request::operation::Subject::$subject
                    $(($crate::target::DatabaseType::$type))?,
                permission: $crate::permission::Permission::$permission,
                effect: operations!(@does $method $($does)?),
                cost: $cost,
                cache: operations!(@cache $($cache)?),
                fails: &[$($($crate::error::Code::$fails),+)?],
                takes: operations!(@takes $($takes)?),
                gives: operations!(@gives $($gives $(($($of)+))?)?),
                is_brief: operations!(@brief $($is)?),
                text: concat!($($text, "\n"),+),
                input: |generator| $crate::request::operation::input_schema($run, generator),
                answers: |generator: &mut _| {
                    operations!(@answers generator $run, $($gives $(($($of)+))?)?)
                },
                tally: {
                    static TALLY: $crate::request::tally::Tally =
                        $crate::request::tally::Tally::new();
                    &TALLY
                },
                run: |cx, params| {
                    ::std::boxed::Box::pin(async move {
                        Ok($run(cx, params.decode()?).await?.erased())
                    })
                },
            },
        )*];
    };
    (@does $method:ident) => { $crate::request::operation::Method::$method.effect() };
    (@does $method:ident reads) => { $crate::request::effect::Declared::Reads };
    (@does $method:ident writes) => { $crate::request::effect::Declared::Writes };
    (@does $method:ident by_input) => { $crate::request::effect::Declared::ByInput };
    (@takes) => { $crate::request::operation::Takes::Json };
    (@takes upload) => { $crate::request::operation::Takes::Upload };
    (@gives) => { $crate::request::operation::Gives::Json };
    (@gives stream ($record:path)) => { $crate::request::operation::Gives::Stream };
    (@gives records ($record:path)) => { $crate::request::operation::Gives::Records };
    (@gives documents) => { $crate::request::operation::Gives::Documents };
    (@gives file ($($format:ident),+ $(; $line:path)?)) => {
        $crate::request::operation::Gives::File(&[$($crate::request::feed::Format::$format),+])
    };
    (@gives bare) => { $crate::request::operation::Gives::Bare };
    (@gives socket ($message:path, $heard:path)) => { $crate::request::operation::Gives::Socket };
    (@answers $generator:ident $run:path, $(bare)?) => {
        $crate::request::operation::AnswerSchemas {
            data: Some($crate::request::operation::data_schema($run, $generator)),
            ..Default::default()
        }
    };
    (@answers $generator:ident $run:path, documents) => {
        operations!(@answers $generator $run, stream ($crate::ejson::Document))
    };
    (@answers $generator:ident $run:path, stream ($record:path)) => {
        $crate::request::operation::AnswerSchemas {
            data: Some($crate::request::operation::data_schema($run, $generator)),
            record: Some($generator.subschema_for::<$record>()),
            heard: None,
        }
    };
    (@answers $generator:ident $run:path, records ($record:path)) => {
        $crate::request::operation::AnswerSchemas {
            record: Some($generator.subschema_for::<$record>()),
            ..Default::default()
        }
    };
    (@answers $generator:ident $run:path, file ($($format:ident),+)) => {{
        let _ = $generator;
        $crate::request::operation::AnswerSchemas::default()
    }};
    (@answers $generator:ident $run:path, file ($($format:ident),+; $line:path)) => {
        operations!(@answers $generator $run, records ($line))
    };
    (@answers $generator:ident $run:path, socket ($message:path, $heard:path)) => {
        $crate::request::operation::AnswerSchemas {
            record: Some($generator.subschema_for::<$message>()),
            heard: Some($generator.subschema_for::<$heard>()),
            ..Default::default()
        }
    };
    (@brief) => { false };
    (@brief brief) => { true };
    (@cache) => { None };
    (@cache $seconds:literal) => { Some(::std::time::Duration::from_secs($seconds)) };
}
pub(crate) use operations;
