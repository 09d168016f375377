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
    "mongodb.watch" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/watch"
        Connection(Mongodb) Read 5 gives socket(crate::request::answer::Undeclared, crate::request::answer::Undeclared) => one;
    /// Changes of all collections of a database as they are made.
    "mongodb.watch.database" GET "/mongodb/{scope}/databases/{db}/watch"
        Connection(Mongodb) Read 5 gives socket(crate::request::answer::Undeclared, crate::request::answer::Undeclared) => one;
    /// Changes of all databases as they are made.
    "mongodb.watch.cluster" GET "/mongodb/{scope}/watch"
        Connection(Mongodb) Admin 5 gives socket(crate::request::answer::Undeclared, crate::request::answer::Undeclared) => cluster;
}

/// Messages `{ type: "change", change, resume_token }`, with the event as Extended JSON. `progress` is
/// the first message where there are no changes at once, and has a newer `resume_token` from time to
/// time while there is nothing to tell. `disconnected` is said
/// when the server can't be heard: what follows it goes on where that was. `invalidate` is the last
/// message, when what was watched was dropped or renamed; its token is one for `startAfter`. `gap`
/// with the reason `history_lost` is the last one too: the server no longer has the changes after the
/// token.
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
