//! Making, changing and removing collections.

use mongodb::bson::{Document, doc};

use crate::backend::mongodb::command::{Call, is_unknown_command};
use crate::backend::mongodb::names::Namespace;
use crate::error::{Code, Error, Result};

impl Call<'_> {
    /// Makes a collection or view with these options of `create`. Pipelines and filters in them must
    /// have passed the gate.
    pub async fn create_collection(&self, namespace: &Namespace, options: Document) -> Result<()> {
        // Since 7.0 a server answers the same whether it made the collection or had it.
        if self.collection_entry(namespace).await?.is_some() {
            let message = format!("there is a collection {namespace} already");
            return Err(Error::new(Code::Conflict, message));
        }
        let mut command = doc! { "create": namespace.coll() };
        command.extend(options);
        self.alter(namespace.db(), command).await.map(|_| ())
    }

    /// Removes a collection or view with everything in it.
    pub async fn drop_collection(&self, namespace: &Namespace) -> Result<()> {
        // Since 7.0 a server answers the same whether it had the collection or not.
        self.existing(namespace).await?;
        self.alter(namespace.db(), doc! { "drop": namespace.coll() }).await.map(|_| ())
    }

    /// Gives a collection another name in its database. With `replace`, a collection that has the name
    /// is removed.
    pub async fn rename_collection(
        &self,
        namespace: &Namespace,
        to: &Namespace,
        replace: bool,
    ) -> Result<()> {
        let command = doc! {
            "renameCollection": namespace.to_string(),
            "to": to.to_string(),
            "dropTarget": replace,
        };
        self.alter("admin", command).await.map(|_| ())
    }

    /// Changes options of a collection or of one of its indexes, and returns what the server tells of
    /// it: the values before and after.
    pub async fn modify_collection(
        &self,
        namespace: &Namespace,
        options: Document,
    ) -> Result<Document> {
        let mut command = doc! { "collMod": namespace.coll() };
        command.extend(options);
        self.alter(namespace.db(), command).await.map(without_protocol)
    }

    /// Gives a collection a fixed size. What does not fit is removed, and so are its indexes.
    pub async fn convert_to_capped(&self, namespace: &Namespace, size: i64) -> Result<()> {
        let command = doc! { "convertToCapped": namespace.coll(), "size": size };
        match self.alter(namespace.db(), command).await {
            Err(error) if is_unknown_command(&error) => Err(Error::not_allowed(
                "this server has no `convertToCapped`; make a capped collection and copy the \
                 documents",
            )),
            answer => answer.map(|_| ()),
        }
    }
}

/// What is about the collection and not about the command.
fn without_protocol(answer: Document) -> Document {
    let protocol = |name: &str| name.starts_with('$') || matches!(name, "ok" | "operationTime");
    answer.into_iter().filter(|(name, _)| !protocol(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_the_command_is_left_out() {
        let answer = doc! { "expireAfterSeconds_old": 1_i64, "expireAfterSeconds_new": 2_i64,
        "ok": 1.0, "$clusterTime": {}, "operationTime": 1 };
        let kept = doc! { "expireAfterSeconds_old": 1_i64, "expireAfterSeconds_new": 2_i64 };
        assert_eq!(without_protocol(answer), kept);
    }
}
