//! `POST /mongodb/{scope}/databases/{db}/collections/{coll}/indexes`.

use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{self, Bson};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

use super::super::collection::writable;
use super::spec::IndexOptions;
use crate::backend::mongodb::{Built, Client, CollectionKind, Namespace, Progress};
use crate::deadline::Deadline;
use crate::ejson::Document;
use crate::error::{Code, Error, Result};
use crate::operations::clients::Leased;
use crate::outcome::Outcome;
use crate::request::context::{Accept, Context};
use crate::request::feed::Sink;
use crate::request::reply::Reply;

/// How long an index may take that is not bound to its request. Servers count in milliseconds with 31
/// bits.
const LONG: Duration = Duration::from_secs(20 * 24 * 3600);
/// How often a stream tells how far an index is.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long looking for that may take.
const GLANCE: Duration = Duration::from_secs(2);

/// A new index.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IndexesCreateInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// The fields in their order: `1`, `-1`, `"text"`, `"2dsphere"`, `"2d"` or `"hashed"`; a field
    /// `$**` stands for all.
    key: Document,
    /// How it is made.
    #[serde(default)]
    options: IndexOptions,
    /// How many members of a replica set must be ready before it is used: a number, `majority`,
    /// `votingMembers` or a tag.
    commit_quorum: Option<Quorum>,
}

/// How many members of a replica set must be ready.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Quorum {
    /// So many.
    Members(u8),
    /// Those that this stands for.
    Tag(String),
}

/// What is to be made, checked.
struct Plan {
    namespace: Namespace,
    name: String,
    definition: bson::Document,
    quorum: Option<Bson>,
}

/// An index that is asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct IndexMade<'a> {
    name: &'a str,
    state: IndexState,
}

/// What became of an index that is asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum IndexState {
    /// It was made.
    Built,
    /// It was there already.
    Exists,
    /// It is being built, and will be there later.
    Building,
}

/// How far an index is; the last record says that it is there.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub(super) enum IndexRecord<'a> {
    /// It is being built.
    Building {
        name: &'a str,
        #[serde(flatten)]
        progress: Progress,
    },
    /// It was made.
    Built { name: &'a str },
    /// It was there already.
    Exists { name: &'a str },
}

pub(super) async fn create(
    cx: &Context,
    input: IndexesCreateInput,
) -> Result<Reply<IndexMade<'static>>> {
    let plan = Plan::of(&input)?;
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    // A server would make a collection for a misspelt name.
    if call.existing(&plan.namespace).await?.kind == CollectionKind::View {
        let message = format!("{} is a view; make the index on its collection", plan.namespace);
        return Err(Error::not_allowed(message));
    }
    if cx.accept != Accept::Json {
        return Reply::stream(cx, cx.records(), move |cx, sink| {
            Box::pin(watched(cx, sink, client, plan))
        });
    }
    if input.options.background {
        return detached(cx, client, plan).await;
    }
    let name = plan.name.clone();
    match call.create_index(&plan.namespace, plan.definition, plan.quorum).await {
        Ok(built) => ended(&name, built),
        Err(error) if error.code() == Code::DbTimeout => Err(error.context(
            "the index was not ready in time; send `background: true`, or ask for a stream, to let \
             it take longer",
        )),
        Err(error) => Err(error),
    }
}

impl Plan {
    fn of(input: &IndexesCreateInput) -> Result<Self> {
        let namespace = writable(&input.db, &input.coll)?;
        let definition = input.options.checked(&input.key)?;
        let quorum = match &input.commit_quorum {
            None => None,
            Some(Quorum::Members(members)) if *members <= 50 => Some(i32::from(*members).into()),
            Some(Quorum::Tag(tag)) if !tag.is_empty() => Some(tag.as_str().into()),
            Some(_) => {
                return Err(Error::validation(
                    "`commit_quorum` must be a number up to 50, `majority`, `votingMembers` or a tag",
                ));
            }
        };
        let name = definition.get_str("name").unwrap_or_default().to_owned();
        Ok(Self { namespace, name, definition, quorum })
    }
}

fn ended(name: &str, built: Built) -> Result<Reply<IndexMade<'static>>> {
    match built {
        Built::Made => Ok(Reply::of(&IndexMade { name, state: IndexState::Built })?.created()),
        Built::Existed => Reply::of(&IndexMade { name, state: IndexState::Exists }),
    }
}

/// Makes the index while somebody listens.
async fn watched(cx: &Context, sink: &mut Sink, client: Leased<Client>, plan: Plan) -> Result<()> {
    let Plan { namespace, name, definition, quorum } = plan;
    let call = client.call(Deadline::after(LONG), &cx.request_id);
    let making = call.create_index(&namespace, definition, quorum);
    tokio::pin!(making);
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // It is begun before anybody looks how far it is.
            biased;
            built = &mut making => {
                let built = match built? {
                    Built::Made => IndexRecord::Built { name: &name },
                    Built::Existed => IndexRecord::Exists { name: &name },
                };
                return sink.record(|out| out.value(&built)).await;
            }
            _ = ticks.tick() => {
                let glance = client.call(cx.step().or_after(GLANCE), &cx.request_id);
                let progress = glance.index_build(&namespace, &name).await.ok().flatten();
                let progress = progress.unwrap_or_default();
                let record = IndexRecord::Building { name: &name, progress };
                sink.record(|out| out.value(&record)).await?;
                sink.flush().await?;
            }
        }
    }
}

/// Makes the index whatever becomes of the request.
async fn detached(
    cx: &Context,
    client: Leased<Client>,
    plan: Plan,
) -> Result<Reply<IndexMade<'static>>> {
    let Plan { namespace, name, definition, quorum } = plan;
    let (sender, ended_with) = oneshot::channel();
    // A shutdown waits for it as for a request.
    let (request_id, running) = (cx.request_id.clone(), cx.running.clone());
    // As long as it takes, it is of its user's share.
    let share = Arc::clone(&cx.share);
    tokio::spawn(async move {
        let _share = share;
        let call = client.call(Deadline::after(LONG), &request_id);
        let making = call.create_index(&namespace, definition, quorum);
        let built = running.over().run_until_cancelled(making).await;
        let built = built.unwrap_or_else(|| Err(given_up("the connection manager was shut down")));
        if let Err(error) = &built {
            let code = error.code().as_str();
            tracing::info!(request_id = &*request_id, code, "an index was not built");
        }
        let _ = sender.send(built);
    });
    match cx.deadline.run(ended_with).await {
        Some(Ok(built)) => ended(&name, built?),
        Some(Err(_)) => Err(given_up("the work on the index broke off")),
        None => {
            let mut reply = Reply::of(&IndexMade { name: &name, state: IndexState::Building })?;
            reply.status = 202;
            Ok(reply)
        }
    }
}

fn given_up(why: &str) -> Error {
    Error::unreachable(why).outcome(Outcome::Unknown)
}
