//! Rows of the old table that are not imported.

use super::import::rows_of;
use crate::error::Result;
use crate::platform::{Lent, cell};

const LEFT_BEHIND: &str = "
    SELECT concat_ws(' ', source ->> 'name', '(' || (source ->> 'id') || ')') || CASE
        WHEN p.id IS NULL THEN ': its project is not there'
        WHEN NOT is_uuid THEN ': its id is not a UUID'
        ELSE ': its type is not one of postgresql, redis, mongodb and bun_api' END
    FROM unnest($1::text[]) AS kept (row)
    CROSS JOIN LATERAL (SELECT kept.row::jsonb AS source) AS read
    CROSS JOIN LATERAL (
        SELECT COALESCE(source ->> 'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false) AS is_uuid
    ) AS looked
    LEFT JOIN platform.projects p ON p.id::text = lower(source ->> 'project_id')
    WHERE p.id IS NULL OR NOT is_uuid OR COALESCE(source ->> 'type', '')
        NOT IN ('postgres', 'postgresql', 'redis', 'mongodb', 'bun_api')
    ORDER BY 1 LIMIT 100";

/// Rows that have no place here, and why; they stay where they are. The table's name is ours.
pub(in crate::registry) async fn left_behind(
    session: &mut Lent,
    table: &str,
) -> Result<Vec<String>> {
    let kept = rows_of(session, table).await?;
    let rows = session.rows(LEFT_BEHIND, &[&kept]).await?;
    rows.iter().map(|row| Ok(format!("not imported: {}", cell::<&str>(row, 0)?))).collect()
}
