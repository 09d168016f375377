//! The different values of a field.

use mongodb::bson::{Bson, Document, doc};
use schemars::JsonSchema;
use serde::Serialize;

use super::aggregate::AggregateOptions;
use super::reading::Reading;
use crate::backend::mongodb::cap::{Cap, End, List};
use crate::backend::mongodb::command::Call;
use crate::backend::mongodb::names::Namespace;
use crate::ejson::{Mode, write_element, write_value};
use crate::error::{Code, Error, Result};
use crate::json::Writer;

/// Which values.
#[derive(Debug, Clone)]
pub struct Distinct {
    /// Path of the field, with dots.
    pub key: String,
    /// In which documents; it must have passed the gate.
    pub filter: Document,
    /// How to read.
    pub reading: Reading,
    /// How much to return at most.
    pub cap: Cap,
}

/// How the values were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FoundBy {
    /// The server's `distinct`.
    Distinct,
    /// A pipeline, because all values together are larger than one answer of the server may be.
    Aggregation,
}

impl Call<'_> {
    /// Writes the different values of a field as the elements of a JSON array, without its brackets.
    /// The elements of arrays count by themselves.
    pub async fn distinct(
        &self,
        namespace: &Namespace,
        distinct: Distinct,
        mode: Mode,
        writer: &mut Writer,
    ) -> Result<(End, FoundBy)> {
        match self.ask_distinct(namespace, &distinct).await {
            Ok(answer) => {
                let values = answer.get_array("values").map_err(|_| {
                    Error::new(Code::DbQueryError, "the server's answer to distinct has no values")
                })?;
                Ok((write_values(values, distinct.cap, mode, writer)?, FoundBy::Distinct))
            }
            Err(error) if error.code() == Code::PayloadTooLarge => {
                let end = self.group(namespace, distinct, mode, writer).await?;
                Ok((end, FoundBy::Aggregation))
            }
            Err(error) => Err(error),
        }
    }

    async fn ask_distinct(&self, namespace: &Namespace, distinct: &Distinct) -> Result<Document> {
        let Distinct { key, filter, reading, .. } = distinct;
        let mut command =
            doc! { "distinct": namespace.coll(), "key": key, "query": filter.clone() };
        reading.describe(&mut command)?;
        reading.describe_concern(&mut command)?;
        self.ask(namespace.db(), command, reading.preference.clone()).await
    }

    async fn group(
        &self,
        namespace: &Namespace,
        distinct: Distinct,
        mode: Mode,
        writer: &mut Writer,
    ) -> Result<End> {
        let Distinct { key, filter, reading, cap } = distinct;
        let limit = i64::from(cap.documents) + 1;
        let stages = values_pipeline(&key, filter, limit)?;
        let options =
            AggregateOptions { reading, allow_disk_use: Some(true), ..AggregateOptions::default() };
        let mut documents = self.open_aggregate(namespace, stages, options, None).await?;
        let mut list = List::new(cap, writer);
        while let Some(batch) = documents.next(self.client, self.deadline()).await? {
            for document in batch.documents()? {
                let document = document?;
                if !list.push(|writer| write_element(writer, document, "_id", mode))? {
                    return Ok(list.end);
                }
            }
        }
        Ok(list.end)
    }
}

/// Finds the values as `distinct` does: arrays on the way are entered, the elements of an array at the
/// end count by themselves, and a document without the field has no value.
fn values_pipeline(key: &str, filter: Document, limit: i64) -> Result<Vec<Document>> {
    if key.split('.').any(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Error::too_large(
            "the values together are larger than 16 MB; add a filter, or ask for the field without \
             a position in an array",
        ));
    }
    let mut stages = vec![doc! { "$match": filter }];
    let ends = key.match_indices('.').map(|(at, _)| at).chain([key.len()]);
    for end in ends {
        let path = format!("${}", &key[..end]);
        stages.push(doc! { "$unwind": { "path": path, "preserveNullAndEmptyArrays": true } });
    }
    stages.push(doc! { "$match": { key: { "$exists": true } } });
    stages.push(doc! { "$group": { "_id": format!("${key}") } });
    stages.push(doc! { "$limit": limit });
    Ok(stages)
}

fn write_values(values: &[Bson], cap: Cap, mode: Mode, writer: &mut Writer) -> Result<End> {
    let mut list = List::new(cap, writer);
    for value in values {
        if !list.push(|writer| write_value(writer, value, mode))? {
            break;
        }
    }
    Ok(list.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_finds_the_values_that_distinct_finds() {
        let stages = values_pipeline("a.b", doc! { "x": 1 }, 11).unwrap();
        let unwind = |path: &str| {
            doc! { "$unwind": { "path": path, "preserveNullAndEmptyArrays": true } }
        };
        let expected = vec![
            doc! { "$match": { "x": 1 } },
            unwind("$a"),
            unwind("$a.b"),
            doc! { "$match": { "a.b": { "$exists": true } } },
            doc! { "$group": { "_id": "$a.b" } },
            doc! { "$limit": 11_i64 },
        ];
        assert_eq!(stages, expected);
        assert!(values_pipeline("a.0.b", doc! {}, 1).is_err());
    }

    #[test]
    fn values_end_at_the_cap_and_say_so() {
        let values: Vec<Bson> = (0..5).map(Bson::Int32).collect();
        let write = |documents, bytes| {
            let mut writer = Writer::new();
            let end = write_values(&values, Cap { documents, bytes }, Mode::Relaxed, &mut writer)
                .unwrap();
            (String::from_utf8(writer.into_bytes()).unwrap(), end.has_more, end.truncated)
        };
        assert_eq!(write(5, 100), ("0,1,2,3,4".to_owned(), false, false));
        assert_eq!(write(2, 100), ("0,1".to_owned(), true, false));
        assert_eq!(write(5, 2), ("0,1".to_owned(), true, true));
    }
}
