//! What else in the database reads an older Studio's table, so that nobody learns of it by a fault.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Result;
use crate::platform::Lent;

/// Something that depends on the old table.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "OldTableReader")]
pub struct Reader {
    /// `view`, `function`, `policy`, `foreign key` and so on.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// What the migration means for it.
    pub says: String,
    /// A statement that mends it, or what is to be done, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

const READERS: &str = include_str!("../../../migrations/legacy_readers.sql");

/// What depends on `table`; nothing, where there is no such table.
pub(crate) async fn of(session: &mut Lent, table: &str) -> Result<Vec<Reader>> {
    let rows = session.rows(READERS, &[&table]).await?;
    let read = |row: &tokio_postgres::Row| Reader {
        kind: row.get(0),
        name: row.get(1),
        says: row.get(2),
        mend: row.get(3),
    };
    Ok(rows.iter().map(read).collect())
}
