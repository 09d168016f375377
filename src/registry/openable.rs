//! Whether the keys at hand open what is stored.

use tokio_postgres::Row;

use super::Registry;
use super::rotate::{self, Stored};
use super::vault::{Column, Vault};
use crate::error::Result;

/// So many connections are named; the rest is counted.
const NAMED: usize = 10;

impl Registry {
    /// A warning where stored secrets don't open: with another key than they were sealed with, nothing
    /// can be used, and what is edited meanwhile is sealed under the wrong one.
    pub(super) async fn closed_secrets(&self) -> Result<Option<String>> {
        let platform = self.require_platform()?;
        let (mut rows, mut closed, mut why) = (0_usize, Vec::new(), None);
        let mut after: Option<uuid::Uuid> = None;
        loop {
            let page = platform.read(rotate::PAGE, &[&after]).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.get(0));
            rows += page.len();
            for row in &page {
                if let Err(error) = open(&self.vault, row) {
                    closed.push(row.get::<_, uuid::Uuid>(0).to_string());
                    why.get_or_insert(error);
                }
            }
        }
        Ok(why.map(|why| {
            let count = closed.len();
            closed.truncate(NAMED);
            format!(
                "{count} of {rows} stored connections don't open with the keys at hand ({why}): {}{}. \
                 Put the key they were sealed with into DATABASE_ENCRYPTION_KEY, behind the new one if \
                 there is a new one, before anything is registered or edited",
                closed.join(", "),
                if count > NAMED { ", …" } else { "" },
                why = why.message(),
            )
        }))
    }
}

fn open(vault: &Vault, row: &Row) -> Result<()> {
    let Stored { owner, connection_string, password } = Stored::try_from(row)?;
    for (stored, column) in
        [(connection_string, Column::ConnectionString), (password, Column::Password)]
    {
        stored.map(|stored| vault.open(&stored, column, owner)).transpose()?;
    }
    Ok(())
}
