//! What the connection's user may do, where it may not list.

use std::collections::BTreeSet;

use mongodb::bson::{Document, doc};

use crate::backend::mongodb::command::{Call, unexpected};
use crate::error::Result;

impl Call<'_> {
    /// The databases that the user's privileges name, and the connection's own.
    pub(super) async fn privileged_databases(&self) -> Result<BTreeSet<String>> {
        let resources = self.resources().await?;
        let names = resources.iter().filter_map(|resource| named(resource, "db"));
        Ok(names.chain(self.client.default_database()).collect())
    }

    /// The collections of a database that the user's privileges name.
    pub(super) async fn privileged_collections(&self, db: &str) -> Result<BTreeSet<String>> {
        let resources = self.resources().await?;
        let of_it =
            resources.iter().filter(|resource| named(resource, "db").is_none_or(|name| name == db));
        Ok(of_it.filter_map(|resource| named(resource, "collection")).collect())
    }

    async fn resources(&self) -> Result<Vec<Document>> {
        let status =
            self.command("admin", doc! { "connectionStatus": 1, "showPrivileges": true }).await?;
        let privileges = status
            .get_document("authInfo")
            .and_then(|info| info.get_array("authenticatedUserPrivileges"))
            .map_err(|_| unexpected("connectionStatus"))?;
        let resource = |privilege: &mongodb::bson::Bson| {
            privilege.as_document()?.get_document("resource").ok().cloned()
        };
        Ok(privileges.iter().filter_map(resource).collect())
    }
}

/// A resource names everything of a kind with the empty string.
fn named(resource: &Document, field: &str) -> Option<String> {
    resource.get_str(field).ok().filter(|name| !name.is_empty()).map(str::to_owned)
}
