//! Names of types by oid: built-in ones are known, others are asked for once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio_postgres::types::Type;

use crate::backend::postgres::query::{Progress, Statement, exchange};
use crate::backend::postgres::rows::FieldDescription;
use crate::backend::postgres::session::Lease;
use crate::deadline::Deadline;
use crate::json::Writer;

/// How long looking up names may take; they are a convenience.
const PATIENCE: Duration = Duration::from_secs(1);
/// Names kept per client.
const KEPT: usize = 10_000;

/// Names of the types that one database has defined.
#[derive(Debug, Default)]
pub(crate) struct TypeNames {
    known: Mutex<HashMap<u32, Arc<str>>>,
}

impl TypeNames {
    /// The type's name for each column. A round trip is made only for types not met before.
    pub(crate) async fn of(
        &self,
        lease: &mut Lease,
        columns: &[FieldDescription],
        deadline: Deadline,
    ) -> Vec<Option<Arc<str>>> {
        let mut missing: Vec<u32> = {
            let known = self.known.lock();
            let unknown = |oid: &u32| Type::from_oid(*oid).is_none() && !known.contains_key(oid);
            columns.iter().map(|c| c.type_oid).filter(unknown).collect()
        };
        if !missing.is_empty() && !lease.retire {
            missing.sort_unstable();
            missing.dedup();
            // A type that is gone by now has no name; neither has one when the look-up fails.
            let found = deadline.or_after(PATIENCE).run(look_up(lease, &missing)).await;
            let mut known = self.known.lock();
            if known.len() > KEPT {
                known.clear();
            }
            known.extend(found.flatten().unwrap_or_default());
        }
        let known = self.known.lock();
        let name = |column: &FieldDescription| match Type::from_oid(column.type_oid) {
            Some(built_in) => Some(built_in.name().into()),
            None => known.get(&column.type_oid).cloned(),
        };
        columns.iter().map(name).collect()
    }
}

async fn look_up(lease: &mut Lease, oids: &[u32]) -> Option<Vec<(u32, Arc<str>)>> {
    let connection = lease.connection();
    if connection.is_busy() || connection.is_dead() {
        return None;
    }
    let list = oids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let sql = format!("select oid, typname from pg_catalog.pg_type where oid in ({list})");
    let statement = Statement::question(sql, PATIENCE, oids.len());
    let mut out = Writer::new();
    exchange(connection, &statement, &mut out, &mut Progress::default()).await.ok()?;
    serde_json::from_slice(&out.into_bytes()).ok()
}
