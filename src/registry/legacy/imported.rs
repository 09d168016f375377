//! What came of an import.

use schemars::JsonSchema;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::row::LegacyRow;
use crate::error::Result;
use crate::platform::cell;

/// What was imported, or in a dry run would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportedConnections")]
pub struct Imported {
    /// Connections that work as they are.
    pub connections: u64,
    /// Connections that somebody has to look at, and why. They were imported all the same.
    pub needing_attention: Vec<Attention>,
    /// Names that became other identifiers: old and new.
    #[serde(skip)]
    pub renamed: Vec<(String, String)>,
}

/// A row of the old table that somebody has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportAttention")]
pub struct Attention {
    /// Its id, the same in both tables.
    #[schemars(with = "String")]
    pub id: Uuid,
    /// `ref` of its project.
    pub project_ref: String,
    /// What it was called.
    pub name: String,
    /// What it is called now.
    pub identifier: String,
    /// The state that it was imported in.
    pub status: String,
    /// Why.
    pub reasons: Vec<String>,
}

/// So many names are told; the rest is counted.
const NAMES_TOLD: usize = 50;

impl Imported {
    /// Queries by the old names find nothing.
    pub(in crate::registry) fn names_told(&self) -> Option<String> {
        let names = self.renamed.iter().map(|(old, new)| format!("{old:?} is {new}"));
        let told: Vec<_> = names.take(NAMES_TOLD).collect();
        let more = match self.renamed.len().saturating_sub(NAMES_TOLD) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!told.is_empty()).then(|| {
            format!(
                "names became identifiers, and nothing is found by the old ones: {}{more}",
                told.join(", ")
            )
        })
    }

    pub(super) fn add(&mut self, row: &Row, legacy: LegacyRow) -> Result<()> {
        let name = cell::<Option<String>>(row, 18)?.unwrap_or_default();
        let identifier: String = cell(row, 3)?;
        if name != identifier {
            self.renamed.push((name.clone(), identifier.clone()));
        }
        if legacy.status == "ACTIVE" && legacy.remarks.is_empty() {
            self.connections += 1;
            return Ok(());
        }
        let mut reasons = legacy.remarks;
        reasons.extend(legacy.last_error);
        if reasons.is_empty() {
            reasons.push("it was not in use in the old table either".to_owned());
        }
        self.needing_attention.push(Attention {
            id: legacy.owner.id,
            project_ref: cell(row, 17)?,
            name,
            identifier,
            status: legacy.status,
            reasons,
        });
        Ok(())
    }
}
