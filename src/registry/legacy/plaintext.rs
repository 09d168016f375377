//! Where secrets of connections still lie in plain text, and the statements that remove them.
//!
//! The old table is kept, backups of it are called anything, and a materialized view is a copy. They
//! are found by their columns, and only those that hold something are told of.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Result;
use crate::platform::Platform;

/// A relation with secrets in it that nothing protects.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "PlaintextSecrets")]
pub struct Plaintext {
    /// Its name.
    pub relation: String,
    /// Its columns that hold secrets.
    pub columns: Vec<String>,
    /// Rows with a secret in them; the count ends at a thousand.
    pub rows: i64,
    /// What removes them, one after the other; what reads another relation comes after it.
    pub statements: Vec<String>,
}

const CANDIDATES: &str = include_str!("../../../migrations/legacy_copies.sql");

/// Members of a document that drivers take secrets from, unless they are sealed or masked already. The
/// name stays when the rest is replaced.
const SECRET_MEMBER: &str = r#"'("(?:[^"]*(?:password|passwd|passphrase|secret|api_?key|connection_?(?:string|uri|url))[^"]*|[^"]*token)"\s*:\s*)"(?!"|mdb1:|U2FsdGVkX1|\*\*\*|\[|<)(?:\\.|[^"\\])*"|("key"\s*:\s*)"-----BEGIN(?:\\.|[^"\\])*"'"#;

/// The URL of a database with a password in it that is not masked yet.
const ADDRESS: &str = r#"'((?:rediss?|valkeys?|mongodb(?:\+srv)?|postgres(?:ql)?)://[^\s:@/"]*:)(?!\*\*\*@)[^\s@/"]+@'"#;

/// What is left, as far as this role can see it. What it cannot look into becomes a warning, and
/// hides nothing else.
pub(in crate::registry) async fn find(
    platform: &Platform,
    warnings: &mut Vec<String>,
) -> Result<Vec<Plaintext>> {
    let rows = platform.session().await?.rows(CANDIDATES, &[]).await?;
    let mut found = Vec::new();
    for row in &rows {
        let names = |at: usize| row.get::<_, Option<Vec<String>>>(at).unwrap_or_default();
        let candidate = Candidate {
            relation: row.get(0),
            is_copy: row.get(1),
            texts: names(2),
            encrypted: names(3),
            documents: names(4).into_iter().zip(names(7)).collect(),
            required: names(5),
            kind: match row.get(6) {
                "old" => Kind::Old,
                "legacy" => Kind::Legacy,
                "copy" => Kind::Copy,
                _ => Kind::Perhaps,
            },
        };
        match candidate.look(platform).await {
            Ok(plaintext) => found.extend(plaintext),
            Err(error) => warnings.push(format!(
                "{} could not be searched for secrets: {}",
                candidate.relation,
                error.message()
            )),
        }
    }
    Ok(found)
}

#[derive(PartialEq)]
enum Kind {
    /// The old table, before anything was imported.
    Old,
    /// The old table afterwards.
    Legacy,
    /// Another relation with connection strings.
    Copy,
    /// It looks like one by its name and columns.
    Perhaps,
}

struct Candidate {
    relation: String,
    is_copy: bool,
    texts: Vec<String>,
    encrypted: Vec<String>,
    /// Texts in which secrets may stand among other things, and their types.
    documents: Vec<(String, String)>,
    required: Vec<String>,
    kind: Kind,
}

impl Candidate {
    async fn look(&self, platform: &Platform) -> Result<Option<Plaintext>> {
        let conditions = self.conditions();
        let counts: Vec<_> =
            conditions.iter().map(|(_, holds)| format!("bool_or({holds})")).collect();
        let query = format!(
            "SELECT count(*), ARRAY[{}] FROM (SELECT * FROM {} AS kept WHERE {} LIMIT 1000) AS kept",
            counts.join(", "),
            self.relation,
            self.condition()
        );
        // A session of its own: one that failed is not asked again.
        let answer = platform.session().await?.ask(&query).await?;
        let Some(row) = answer.first() else { return Ok(None) };
        let rows = row.get(0);
        if rows == 0 {
            return Ok(None);
        }
        let holding: Vec<Option<bool>> = row.get(1);
        let columns = conditions.into_iter().zip(holding);
        let columns =
            columns.filter(|(_, holds)| *holds == Some(true)).map(|((name, _), _)| name.clone());
        Ok(Some(Plaintext {
            relation: self.relation.clone(),
            columns: columns.collect(),
            rows,
            statements: self.statements(),
        }))
    }

    /// The columns, and when each of them holds a secret. A key that is derived from the row protects
    /// nothing: the encrypted column counts.
    fn conditions(&self) -> Vec<(&String, String)> {
        let texts = self.texts.iter().map(|column| {
            let text = format!("kept.{column}::text");
            let holds = format!(
                "COALESCE({text} NOT IN ('', '\"\"', 'null') \
                 AND {text} !~ '^\"?(mdb1:|U2FsdGVkX1)', false)"
            );
            (column, holds)
        });
        let encrypted =
            self.encrypted.iter().map(|column| (column, format!("kept.{column} IS NOT NULL")));
        let documents = self.documents.iter().map(|(column, _)| {
            let text = format!("kept.{column}::text");
            let holds =
                format!("COALESCE({text} ~* {SECRET_MEMBER} OR {text} ~* {ADDRESS}, false)");
            (column, holds)
        });
        texts.chain(encrypted).chain(documents).collect()
    }

    /// Rows that hold a secret.
    fn condition(&self) -> String {
        let conditions = self.conditions();
        conditions.iter().map(|(_, holds)| holds.as_str()).collect::<Vec<_>>().join(" OR ")
    }

    fn statements(&self) -> Vec<String> {
        let relation = &self.relation;
        if self.is_copy {
            return vec![format!("REFRESH MATERIALIZED VIEW {relation};")];
        }
        if self.kind == Kind::Old {
            return vec!["-- migrate first: nothing of it is kept elsewhere yet".to_owned()];
        }
        let cleared = self.texts.iter().chain(&self.encrypted);
        let mut statements: Vec<String> = cleared
            .filter(|column| self.required.contains(column))
            .map(|column| format!("ALTER TABLE {relation} ALTER COLUMN {column} DROP NOT NULL;"))
            .collect();
        statements.push(if self.kind == Kind::Legacy {
            self.forget_imported()
        } else {
            self.forget()
        });
        // Until then the old rows are still in the table's files.
        statements.push(format!("VACUUM FULL {relation};"));
        statements
    }

    /// Takes the secrets out of a copy.
    fn forget(&self) -> String {
        let columns = self.texts.iter().chain(&self.encrypted);
        let columns = columns.map(|column| format!("{column} = NULL"));
        let documents = self.documents.iter().map(|(column, kind)| {
            format!(
                "{column} = regexp_replace(regexp_replace(kept.{column}::text, {SECRET_MEMBER}, \
                 '\\1\\2null', 'gi'), {ADDRESS}, '\\1***@', 'gi')::{kind}"
            )
        });
        format!(
            "{}UPDATE {} AS kept SET {} WHERE {};",
            match self.kind {
                Kind::Perhaps => "-- where this is about the connections of the old table:\n",
                _ => "",
            },
            self.relation,
            columns.chain(documents).collect::<Vec<_>>().join(", "),
            self.condition()
        )
    }

    /// Takes out of the old table what was imported: what was not is in no other place. Nor is a
    /// secret of which only the encrypted copy is left: that one goes once somebody has edited the
    /// connection.
    fn forget_imported(&self) -> String {
        let is_imported = "(done.secrets <> '{}' OR EXISTS (SELECT FROM \
                           platform.database_connections c WHERE c.id = done.id AND c.version > 1))";
        let texts = self.texts.iter().map(|column| {
            format!(
                "{column} = CASE WHEN '{}' = ANY (done.secrets) THEN NULL ELSE kept.{column} END",
                column.replace('\'', "''")
            )
        });
        let encrypted = self.encrypted.iter().map(|column| format!("{column} = NULL"));
        let config = self.documents.iter().filter(|(column, _)| column == "config").map(|_| {
            "config = CASE WHEN jsonb_typeof(kept.config::jsonb) = 'object' \
             THEN kept.config::jsonb - ARRAY(SELECT substr(secret, 8) FROM unnest(done.secrets) \
             AS secret WHERE secret LIKE 'config.%') ELSE kept.config::jsonb END"
                .to_owned()
        });
        format!(
            "UPDATE {} AS kept SET {} FROM platform.databases_legacy_imports AS done \
             WHERE done.id::text = lower(kept.id::text) AND {is_imported};",
            self.relation,
            texts.chain(encrypted).chain(config).collect::<Vec<_>>().join(", ")
        )
    }
}
