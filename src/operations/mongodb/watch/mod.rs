//! Change streams: `/mongodb/{scope}/[databases/{db}/[collections/{coll}/]]watch`.

mod input;
mod relay;

use self::input::WatchInput;
use self::relay::Relay;
use super::collection::own_database;
use crate::backend::mongodb::{
    ChangeStream, Client, Namespace, Start, WatchOptions, Watched, check_database,
};
use crate::ejson::Mode;
use crate::error::{Error, Result};
use crate::operations::clients::Leased;
use crate::request::context::Context;
use crate::request::operation::operations;
use crate::request::reply::Reply;

operations! {
    /// Changes of a collection as they are made.
    ///
    /// Each message has a `resume_token`, with which another watch goes on where this one was. The last
    /// is `invalidate`, when what was watched was dropped or renamed, or `gap`, when the server no longer
    /// has the changes after the token.
    "mongodb.watch" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/watch"
        Connection(Mongodb) Read 5 gives socket(relay::WatchMessage, Silence) => one;
    /// Changes of all collections of a database as they are made.
    ///
    /// In messages like those of a collection.
    "mongodb.watch.database" GET "/mongodb/{scope}/databases/{db}/watch"
        Connection(Mongodb) Read 5 gives socket(relay::WatchMessage, Silence) => one;
    /// Changes of all databases as they are made.
    ///
    /// In messages like those of a collection.
    "mongodb.watch.cluster" GET "/mongodb/{scope}/watch"
        Connection(Mongodb) Admin 5 gives socket(relay::WatchMessage, Silence) => cluster;
}

/// Whoever watches has nothing to say.
#[derive(schemars::JsonSchema)]
enum Silence {}

async fn one(cx: &Context, mut input: WatchInput) -> Result<Reply> {
    let (db, coll) = (input.db.take(), input.coll.take());
    let how = input.checked()?;
    let client = cx.mongodb().await?;
    let db = db.unwrap_or_else(|| own_database(&client));
    let watched = if let Some(coll) = coll {
        Watched::Collection(Namespace::new(&db, &coll)?)
    } else {
        check_database(&db)?;
        Watched::Database(db)
    };
    watch(cx, client, watched, how).await
}

/// As of a database.
async fn cluster(cx: &Context, input: WatchInput) -> Result<Reply> {
    if input.db.is_some() || input.coll.is_some() {
        return Err(Error::validation("all databases are watched; leave `db` and `coll` out"));
    }
    let how = input.checked()?;
    watch(cx, cx.mongodb().await?, Watched::Cluster, how).await
}

async fn watch(
    cx: &Context,
    client: Leased<Client>,
    watched: Watched,
    (options, start, ejson): (WatchOptions, Start, Mode),
) -> Result<Reply> {
    if watched.is_system() {
        return Err(Error::validation("what belongs to the server itself can't be watched"));
    }
    // Whatever is wrong is told before the first message, a standalone server among it.
    let user = cx.user.as_ref().map(|user| user.id.as_str());
    let id = &cx.request_id;
    let mut stream =
        ChangeStream::open(&client, id, user, watched, options, start, cx.deadline).await?;
    Reply::subscription(cx, move |cx, session| {
        Box::pin(async move {
            let mut relay = Relay::new(session.outbox().clone(), ejson);
            let patience = cx.service.config.request_timeout;
            while relay.pass_on(stream.next(&client, patience).await).await? {}
            Ok(())
        })
    })
}
