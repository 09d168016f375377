//! Changes that are made only if a document is still what the caller saw.

use mongodb::bson::{self, RawDocumentBuf};

use crate::backend::mongodb::{Call, Change, ChangeFailure, Changed, Namespace};
use crate::ejson::{Document, is_etag};
use crate::error::{Error, Result};

/// What a caller wants of a document.
pub(super) enum Wanted {
    Change(Change),
    /// That it be this.
    Document(RawDocumentBuf),
}

/// The state in which a caller saw a document.
pub(super) enum Seen {
    Document(Document),
    Etag(String),
}

impl Seen {
    pub(super) fn of(document: Option<Document>, etag: Option<String>) -> Result<Option<Self>> {
        match (document, etag) {
            (Some(_), Some(_)) => {
                Err(Error::validation("give either `if_match` or `if_unchanged`, not both"))
            }
            (None, Some(etag)) => {
                // As in HTTP, it may be in quotes.
                let plain = etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"'));
                let plain = plain.unwrap_or(&etag);
                if !is_etag(plain) {
                    return Err(Error::validation("`if_match` is not an etag of a document"));
                }
                Ok(Some(Self::Etag(plain.to_owned())))
            }
            (document, None) => Ok(document.map(Self::Document)),
        }
    }

    /// The document in that state, with its `_id`; `None` if there is none any more. Where text is
    /// compared as in a language, the `_id` that is asked for need not be spelt like the stored one.
    async fn document(
        self,
        call: &Call<'_>,
        namespace: &Namespace,
        id: &bson::Bson,
    ) -> Result<Option<(bson::Bson, RawDocumentBuf)>, ChangeFailure> {
        let etag = match self {
            Self::Document(document) => return Ok(Some((id.clone(), document.into_raw()))),
            Self::Etag(etag) => etag,
        };
        let Some(current) = call.matching(namespace, id, &etag).await? else { return Ok(None) };
        let own = current.get("_id").ok().flatten().and_then(|id| bson::Bson::try_from(id).ok());
        Ok(Some((own.unwrap_or_else(|| id.clone()), current)))
    }
}

/// Changes a document; `None` if there is none.
pub(super) async fn change(
    call: &Call<'_>,
    namespace: &Namespace,
    id: &bson::Bson,
    wanted: Wanted,
    seen: Option<Seen>,
    upsert: bool,
) -> Result<Option<Changed>, ChangeFailure> {
    let (id, expected) = match seen {
        None => (id.clone(), None),
        Some(seen) => match seen.document(call, namespace, id).await? {
            None => return Ok(None),
            Some((id, document)) => (id, Some(document)),
        },
    };
    let change = match (wanted, &expected) {
        (Wanted::Change(change), _) => change,
        (Wanted::Document(document), None) => Change::Replacement(document),
        (Wanted::Document(document), Some(expected)) => {
            match Change::between(expected, document)? {
                Some(change) => change,
                None => return call.confirm(namespace, id, expected).await,
            }
        }
    };
    if upsert {
        return Ok(Some(call.upsert(namespace, id, change).await?));
    }
    call.change(namespace, id, change, expected.as_deref()).await
}

/// Deletes a document; `false` if there is none.
pub(super) async fn remove(
    call: &Call<'_>,
    namespace: &Namespace,
    id: &bson::Bson,
    seen: Option<Seen>,
) -> Result<bool, ChangeFailure> {
    let Some(seen) = seen else { return call.delete(namespace, id.clone(), None).await };
    match seen.document(call, namespace, id).await? {
        Some((id, expected)) => call.delete(namespace, id, Some(&expected)).await,
        None => Ok(false),
    }
}
