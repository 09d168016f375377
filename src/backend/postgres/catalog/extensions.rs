//! Functions of extensions that nobody has listed, as the database's catalog knows them.
//!
//! An extension that is not known here may run SQL from a string or reach another server. Its
//! functions that are volatile are refused to what only reads, but for those that are known to look.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::backend::WordList;
use crate::backend::postgres::client::Client;
use crate::backend::postgres::query::{Parameter, Statement, array_literal};
use crate::backend::postgres::statement::gate;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::json::Writer;

/// How long an answer of the catalog is trusted. Who makes an extension may write.
const KEPT: Duration = Duration::from_secs(60);
/// Names kept per client.
const MOST: usize = 10_000;
const TIMEOUT: Duration = Duration::from_secs(10);

const OWNERS: &str = "\
    SELECT p.proname::text, min(e.extname::text) \
    FROM pg_catalog.pg_proc p \
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
      AND d.objid = p.oid AND d.deptype = 'e' \
      AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass \
    JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid \
    WHERE p.proname = ANY ($1::pg_catalog.text[]) AND p.provolatile = 'v' \
    GROUP BY 1";

/// Volatile, and yet they only look or compute; `…` stands for whatever follows.
static LOOKS: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        "approximate_row_count bool_plperl… brin_… bt_index_check bt_metap bt_multi_page_stats \
         bt_page_… chunk_compression_stats chunks_detailed_size dblink_build_sql_… \
         dblink_current_query dblink_fdw_validator file_fdw_… hstore_pl… jsonb_pl… ltree_pl… \
         plperl… plpgsql_call_handler plpgsql_validator plpython3… pltcl… postgres_fdw_handler \
         postgres_fdw_validator dblink_get_connections dblink_get_pkey fips_mode \
         fsm_page_contents gen_random_… gen_salt get_raw_page gin_index_check gin_leafpage_items \
         gin_metapage_info gin_page_opaque_info gist_page_… hash_… heap_page_… \
         heap_tuple_infomask_flags hypertable_compression_stats hypertable_detailed_size \
         hypertable_index_size hypertable_size lo_oid normal_rand page_checksum page_header \
         pg_buffercache_numa_pages pg_buffercache_os_pages pg_buffercache_pages \
         pg_buffercache_summary pg_buffercache_usage_counts pg_check_frozen pg_check_visible \
         pg_freespace pg_get_logical_snapshot_… pg_get_wal_… pg_old_snapshot_time_mapping \
         pg_qualstats pg_relpages pg_stat_kcache pg_stat_monitor pg_stat_statements \
         pg_stat_statements_info pg_visibility… pg_wait_sampling_get_… pgp_… pgrowlocks pgstat… \
         postgres_fdw_get_connections show_chunks show_limit ssl_… tuple_data_split \
         uuid_generate_… verify_heapam xslt_process",
    ])
});

/// What the catalog said of names.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Debug)]
struct Known {
    /// The extension that it belongs to.
    extension: Option<Arc<str>>,
    since: Instant,
}

impl Client {
    /// Refuses what calls a volatile function of an extension. A round trip is made only for names
    /// that were not met lately.
    pub(crate) async fn check_extensions(&self, sql: &str, deadline: Deadline) -> Result<()> {
        let names = gate::unknown_functions(sql).into_iter();
        let names: Vec<String> = names.filter(|name| !LOOKS.has(name)).collect();
        let missing = self.owners.missing(&names);
        if !missing.is_empty() {
            let found = self.owners_of(&missing, deadline).await?;
            self.owners.keep(missing, &found);
        }
        let Some((name, extension)) = self.owners.first(&names) else { return Ok(()) };
        let message = format!(
            "the function {name} of the extension {extension} may do more than read; that needs write \
             permission and read_only off"
        );
        Err(Error::not_allowed(message).detail("function", name))
    }

    async fn owners_of(
        &self,
        names: &[String],
        deadline: Deadline,
    ) -> Result<HashMap<String, Arc<str>>> {
        let statement = Statement {
            parameters: vec![Parameter::Text(array_literal(names))],
            ..Statement::question(OWNERS, TIMEOUT, names.len())
        };
        let mut out = Writer::new();
        let answer = self.run(&statement, deadline, &mut out).await?;
        let rows: Option<Vec<(String, Arc<str>)>> = serde_json::from_slice(out.text()).ok();
        match rows {
            Some(rows) if !answer.truncated => Ok(rows.into_iter().collect()),
            _ => Err(Error::validation("`query`: the statement calls too many functions")),
        }
    }
}

impl Owners {
    /// Those of the names that have to be asked for.
    fn missing(&self, names: &[String]) -> Vec<String> {
        let known = self.known.lock();
        let is_missing =
            |name: &&String| known.get(*name).is_none_or(|known| known.since.elapsed() >= KEPT);
        names.iter().filter(is_missing).cloned().collect()
    }

    fn keep(&self, names: Vec<String>, found: &HashMap<String, Arc<str>>) {
        let mut known = self.known.lock();
        if known.len() + names.len() > MOST {
            known.clear();
        }
        let since = Instant::now();
        for name in names {
            let extension = found.get(&name).cloned();
            known.insert(name, Known { extension, since });
        }
    }

    /// The first of the names that belongs to an extension.
    fn first(&self, names: &[String]) -> Option<(String, Arc<str>)> {
        let known = self.known.lock();
        names.iter().find_map(|name| Some((name.clone(), known.get(name)?.extension.clone()?)))
    }
}
