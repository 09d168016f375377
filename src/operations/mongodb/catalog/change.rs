//! `PATCH /mongodb/{scope}/databases/{db}/collections/{coll}`.

use mongodb::bson::{self, doc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::collection::writable;
use super::definition::MOST_BYTES;
use super::modification::{ChangedIndex, ChangedOptions};
use super::rules::confirmed;
use crate::backend::mongodb::{Call, CollectionEntry, Namespace};
use crate::ejson::{Mode, ShownDocument, json_of, value_of};
use crate::error::{Code, Error, Result};
use crate::permission::Permission;
use crate::request::context::Context;
use crate::request::params::within;
use crate::request::reply::Reply;

/// Which collection, and one of `rename`, `options`, `index` and `convert_to_capped`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeInput {
    /// Name of the database.
    db: String,
    /// Name of the collection.
    coll: String,
    /// Its new name.
    rename: Option<String>,
    /// The database of the new name; no other than its own is possible.
    to_db: Option<String>,
    /// Remove the collection that has the new name, which `confirm` must repeat.
    #[serde(default)]
    drop_target: bool,
    /// Options to change.
    options: Option<ChangedOptions>,
    /// Refuse the new validator with `CONFLICT` if a document that is there does not match it.
    #[serde(default)]
    if_valid: bool,
    /// An index to change.
    index: Option<ChangedIndex>,
    /// Give it a fixed size of so many bytes: its oldest documents that do not fit and all indexes are
    /// removed, and `confirm` must repeat its name.
    convert_to_capped: Option<i64>,
    /// The name of what is removed.
    confirm: Option<String>,
}

/// A collection that was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CollectionChanged {
    /// The collection as it is now, without its sizes; `null` if it could not be looked at.
    collection: Option<CollectionEntry>,
    /// What the server told of the change: of options the values before and after.
    #[schemars(with = "ShownDocument")]
    result: Box<RawValue>,
}

pub(super) async fn change(cx: &Context, input: ChangeInput) -> Result<Reply<CollectionChanged>> {
    let namespace = writable(&input.db, &input.coll)?;
    let wanted = [
        input.rename.is_some(),
        input.options.is_some(),
        input.index.is_some(),
        input.convert_to_capped.is_some(),
    ];
    if wanted.iter().filter(|wanted| **wanted).count() != 1 {
        return Err(Error::validation(
            "give one of `rename`, `options`, `index` and `convert_to_capped`",
        ));
    }
    let confirm = input.confirm.as_deref();
    if let Some(name) = &input.rename {
        let to = renamed(&namespace, name, input.to_db.as_deref())?;
        if input.drop_target {
            cx.require(Permission::Admin)?;
            confirmed(confirm, name, "removing the collection that has the name")?;
        }
        let client = cx.mongodb().await?;
        let call = client.call(cx.deadline, &cx.request_id);
        call.rename_collection(&namespace, &to, input.drop_target).await?;
        return answer(&call, &to, &doc! {}).await;
    }
    if let Some(size) = input.convert_to_capped {
        cx.require(Permission::Admin)?;
        confirmed(confirm, &input.coll, "removing what does not fit")?;
        let size = within("convert_to_capped", size, 1..=MOST_BYTES)?;
        let client = cx.mongodb().await?;
        let call = client.call(cx.deadline, &cx.request_id);
        call.convert_to_capped(&namespace, size).await?;
        return answer(&call, &namespace, &doc! {}).await;
    }
    let mut change = doc! {};
    if let Some(options) = &input.options {
        change.extend(options.checked(cx, &namespace)?);
    }
    if let Some(index) = &input.index {
        change.insert("index", index.checked()?);
    }
    let rules = input.options.as_ref().map(ChangedOptions::rules).transpose()?.flatten();
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    if let Some(rules) = rules.filter(|_| input.if_valid) {
        refuse_violations(&call, &namespace, rules).await?;
    }
    let result = call.modify_collection(&namespace, change).await?;
    answer(&call, &namespace, &result).await
}

fn renamed(namespace: &Namespace, name: &str, to_db: Option<&str>) -> Result<Namespace> {
    if to_db.is_some_and(|db| db != namespace.db()) {
        return Err(Error::not_allowed(
            "a collection can't be renamed into another database: the server would copy it while \
             nobody else can use either; export it and import it there",
        ));
    }
    if name == namespace.coll() {
        return Err(Error::validation("the collection has this name already"));
    }
    writable(namespace.db(), name)
}

/// Fails if a document does not match the rules.
async fn refuse_violations(
    call: &Call<'_>,
    namespace: &Namespace,
    rules: bson::Document,
) -> Result<()> {
    let violating = doc! { "$nor": [rules] };
    let Some(document) = call.one(namespace, violating, None, None).await? else {
        return Ok(());
    };
    let document = value_of(&document, Mode::Relaxed)?;
    let message = "a document does not match the new validator, which was not set; see all of them \
                   with `validate`";
    Err(Error::new(Code::Conflict, message).detail("document", document))
}

async fn answer(
    call: &Call<'_>,
    namespace: &Namespace,
    result: &bson::Document,
) -> Result<Reply<CollectionChanged>> {
    // The change is made, whatever becomes of looking at it.
    let collection = call.collection_entry(namespace).await.ok().flatten();
    Reply::of(&CollectionChanged { collection, result: json_of(result, Mode::Relaxed)? })
}
