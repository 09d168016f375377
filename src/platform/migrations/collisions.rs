//! Names that the migrations need and that somebody else has taken.

use std::sync::LazyLock;

use crate::error::{Code, Error, Result};
use crate::platform::Lent;

static TAKEN: LazyLock<&'static str> = LazyLock::new(|| {
    include_str!("../../../migrations/legacy_collisions.sql").trim_end().trim_end_matches(';')
});

/// What is in the way, told as one failure.
pub(super) async fn find(session: &mut Lent) -> Result<Option<Error>> {
    let rows = session.rows(&TAKEN, &[]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let names: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    Ok(Some(Error::new(
        Code::Conflict,
        format!(
            "names that the migration needs are taken by something else: {}; rename these, then \
             migrate",
            names.join(", ")
        ),
    )))
}
