//! Names that the migrations need and that somebody else has taken.

use super::{Migration, State};
use crate::error::{Code, Error, Result};
use crate::platform::Lent;

const TAKEN: &str = include_str!("../../../migrations/legacy_collisions.sql");

/// What is in the way of files that are still to run, told as one failure.
pub(crate) async fn collision(
    session: &mut Lent,
    migrations: &[Migration],
) -> Result<Option<Error>> {
    if migrations.iter().all(|migration| migration.state == State::Present) {
        return Ok(None);
    }
    let rows = session.rows(TAKEN, &[]).await?;
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
