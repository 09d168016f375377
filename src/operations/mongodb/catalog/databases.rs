//! `/mongodb/{scope}/databases`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Dropped;
use super::definition::CreateOptions;
use super::rules::{confirmed, page};
use crate::backend::mongodb::{
    DatabaseEntry, DatabaseSizes, Namespace, check_database, check_removable,
};
use crate::error::{Code, Error, Result};
use crate::request::context::Context;
use crate::request::reply::Reply;

/// Which databases, and what of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabasesListInput {
    /// How many at most; 1000 if not given, and at most.
    limit: Option<usize>,
    /// Begin after the database of this name; databases are listed by name.
    after: Option<String>,
    /// Whether to ask for sizes and collections; it does unless this is `false`.
    info: Option<bool>,
}

pub(crate) async fn list(
    cx: &Context,
    input: DatabasesListInput,
) -> Result<Reply<Vec<DatabaseEntry>>> {
    let limit = page(input.limit)?;
    let client = cx.mongodb().await?;
    let call = cx.side_by_side(&client).await;
    let after = input.after.as_deref();
    Reply::of(&call.databases(after, limit, input.info.unwrap_or(true)).await?)
}

/// A new database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabasesCreateInput {
    /// Its name.
    name: String,
    /// Name of its first collection: servers keep no database without one.
    collection: String,
    /// How the collection is made.
    #[serde(default)]
    options: CreateOptions,
}

/// A database that was made.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DatabaseMade {
    name: String,
    /// Its first collection.
    collection: String,
}

pub(crate) async fn create(
    cx: &Context,
    input: DatabasesCreateInput,
) -> Result<Reply<DatabaseMade>> {
    let DatabasesCreateInput { name, collection, options } = input;
    let namespace = Namespace::new(&name, &collection)?;
    namespace.check_writable()?;
    let options = options.checked(cx, &namespace)?;
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    let names = call.database_names().await?;
    // Servers take names for the same that differ in case alone.
    if let Some(same) = names.iter().find(|known| known.eq_ignore_ascii_case(&name)) {
        return Err(Error::new(Code::Conflict, format!("there is a database {same:?} already")));
    }
    call.create_collection(&namespace, options).await?;
    Ok(Reply::of(&DatabaseMade { name, collection })?.created())
}

/// Which database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabasesDropInput {
    /// Name of the database.
    db: String,
    /// Its name once more.
    confirm: Option<String>,
}

pub(crate) async fn drop(cx: &Context, input: DatabasesDropInput) -> Result<Reply<Dropped>> {
    check_removable(&input.db)?;
    confirmed(input.confirm.as_deref(), &input.db, "removing a database")?;
    let client = cx.mongodb().await?;
    client.call(cx.deadline, &cx.request_id).drop_database(&input.db).await?;
    Reply::of(&Dropped { dropped: input.db })
}

/// Which database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabasesStatsInput {
    /// Name of the database.
    pub(crate) db: String,
    /// How many bytes one unit of the sizes stands for, such as 1024; 1 if not given.
    pub(crate) scale: Option<i32>,
}

pub(crate) async fn stats(
    cx: &Context,
    input: DatabasesStatsInput,
) -> Result<Reply<DatabaseSizes>> {
    check_database(&input.db)?;
    let scale = input.scale.unwrap_or(1);
    if scale < 1 {
        return Err(Error::validation("`scale` must be at least 1"));
    }
    let client = cx.mongodb().await?;
    Reply::of(&client.call(cx.deadline, &cx.request_id).database_sizes(&input.db, scale).await?)
}
