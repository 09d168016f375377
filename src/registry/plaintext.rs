//! Where secrets of connections still lie in plain text, and the statements that remove them.
//!
//! The old table is kept, backups of it are called anything, and a materialized view is a copy. They
//! are found by their columns, and only those that hold something are told of.

use serde::Serialize;

use super::failure::Effect;
use super::session::Lent;
use crate::error::Result;

/// A relation with secrets in it that nothing protects.
#[derive(Debug, Clone, Serialize)]
pub struct Plaintext {
    /// Its name.
    pub relation: String,
    /// Its columns that hold secrets.
    pub columns: Vec<String>,
    /// Rows with a secret in them; the count ends at a thousand.
    pub rows: i64,
    /// What removes them, one after the other.
    pub statements: Vec<String>,
}

/// Relations with a column for connection strings, whoever made them, and their columns for secrets. A
/// key that is derived from the row protects nothing either: the encrypted column counts.
const CANDIDATES: &str = r"
    SELECT c.oid::regclass::text, c.relkind = 'm',
        array_agg(format('%I', a.attname) ORDER BY a.attnum) FILTER (WHERE t.typname <> 'bytea'),
        array_agg(format('%I', a.attname) ORDER BY a.attnum) FILTER (WHERE t.typname = 'bytea'),
        array_agg(format('%I', a.attname) ORDER BY a.attnum) FILTER (WHERE a.attnotnull),
        c.oid IS NOT DISTINCT FROM to_regclass('platform.databases_legacy'),
        has_table_privilege(c.oid, 'SELECT')
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND c.oid IS DISTINCT FROM to_regclass('platform.database_connections')
      AND (
        (a.attname ~ '^(connection_string|password)' AND t.typname IN ('text', 'varchar', 'bpchar', 'bytea'))
        OR (a.attname = 'config' AND t.typname IN ('json', 'jsonb'))
      )
      AND EXISTS (
        SELECT FROM pg_attribute named
        WHERE named.attrelid = c.oid AND named.attname ~ '^connection_string' AND NOT named.attisdropped
      )
    GROUP BY c.oid, c.relkind
    ORDER BY 1";

/// Members of `config` that drivers take secrets from.
const SECRET_MEMBER: &str =
    r#"'"[^"]*(password|passphrase|secret|api_?key|token|"key)[^"]*"\s*:\s*"[^"]'"#;

/// What is left, as far as this role can see it.
pub(super) async fn find(session: &mut Lent) -> Result<Vec<Plaintext>> {
    let mut found = Vec::new();
    for row in &session.rows(CANDIDATES, &[], Effect::None).await? {
        let readable: bool = row.get(6);
        let candidate = Candidate {
            relation: row.get(0),
            is_copy: row.get(1),
            texts: row.get::<_, Option<_>>(2).unwrap_or_default(),
            encrypted: row.get::<_, Option<_>>(3).unwrap_or_default(),
            required: row.get::<_, Option<_>>(4).unwrap_or_default(),
            is_legacy: row.get(5),
        };
        if readable && let Some(plaintext) = candidate.look(session).await? {
            found.push(plaintext);
        }
    }
    Ok(found)
}

struct Candidate {
    relation: String,
    is_copy: bool,
    texts: Vec<String>,
    encrypted: Vec<String>,
    required: Vec<String>,
    is_legacy: bool,
}

impl Candidate {
    async fn look(self, session: &mut Lent) -> Result<Option<Plaintext>> {
        let query = format!(
            "SELECT count(*) FROM (SELECT FROM {} AS kept WHERE {} LIMIT 1000) AS found",
            self.relation,
            self.condition()
        );
        let rows = session.ask(&query).await?.first().map_or(0, |row| row.get(0));
        if rows == 0 {
            return Ok(None);
        }
        let statements = self.statements();
        let columns = self.texts.into_iter().chain(self.encrypted).collect();
        Ok(Some(Plaintext { relation: self.relation, columns, rows, statements }))
    }

    /// Rows that hold a secret.
    fn condition(&self) -> String {
        let texts = self.texts.iter().map(|column| holds(column));
        let encrypted = self.encrypted.iter().map(|column| format!("kept.{column} IS NOT NULL"));
        texts.chain(encrypted).collect::<Vec<_>>().join(" OR ")
    }

    fn statements(&self) -> Vec<String> {
        let relation = &self.relation;
        if self.is_copy {
            return vec![format!("REFRESH MATERIALIZED VIEW {relation};")];
        }
        let secrets = || self.texts.iter().chain(&self.encrypted);
        let mut statements: Vec<String> = self
            .required
            .iter()
            .filter(|column| *column != "config")
            .map(|column| format!("ALTER TABLE {relation} ALTER COLUMN {column} DROP NOT NULL;"))
            .collect();
        let cleared: Vec<String> = secrets()
            .map(|column| match column.as_str() {
                "config" => {
                    format!("config = CASE WHEN {} THEN '{{}}' ELSE config END", holds(column))
                }
                _ => format!("{column} = NULL"),
            })
            .collect();
        let condition = if self.is_legacy {
            // What was not imported is in no other place. Nor is a secret of which only the encrypted
            // copy is left: that one goes once somebody has edited the connection.
            let has_text = self.texts.iter().filter(|column| *column != "config");
            let has_text = has_text.map(|column| format!("kept.{column} IS NOT NULL OR "));
            format!(
                "EXISTS (SELECT FROM platform.databases_legacy_imports done WHERE done.id = kept.id) \
                 AND ({}EXISTS (SELECT FROM platform.database_connections c \
                 WHERE c.id = kept.id AND c.version > 1))",
                has_text.collect::<String>()
            )
        } else {
            self.condition()
        };
        let cleared = cleared.join(", ");
        statements.push(format!("UPDATE {relation} AS kept SET {cleared} WHERE {condition};"));
        // Until then the old rows are still in the table's files.
        statements.push(format!("VACUUM FULL {relation};"));
        statements
    }
}

fn holds(column: &str) -> String {
    match column {
        "config" => format!("COALESCE(kept.config::text ~* {SECRET_MEMBER}, false)"),
        _ => format!(
            "COALESCE(kept.{column} <> '' AND kept.{column} !~ '^(mdb1:|U2FsdGVkX1)', false)"
        ),
    }
}
