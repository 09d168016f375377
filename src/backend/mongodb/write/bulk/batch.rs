//! Which statements go into one command.

use super::statement::{Statement, WriteKind};
use crate::error::{Error, Result};

/// Statements in one command. Servers take 100,000; when an answer is lost, fewer are in doubt.
const MOST: usize = 1000;
/// Bytes of the statements of one command, which is a document and has 16 MiB at most.
const MAX_BYTES: usize = 16_000_000;
/// Bytes of one document.
const MAX_DOCUMENT: usize = 16 << 20;

/// Statements of one kind, by their index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WriteBatch {
    pub(super) kind: WriteKind,
    pub(super) indexes: Vec<usize>,
    /// Its one statement may change any number of documents.
    pub(super) many: bool,
}

impl WriteBatch {
    /// The index of the statement that has this place in the batch.
    pub(super) fn index(&self, position: usize) -> Result<usize> {
        let index = self.indexes.get(position).copied();
        index.ok_or_else(|| Error::internal("a server told of a statement that it was not sent"))
    }
}

/// Deals statements out to commands. A statement for any number of documents goes by itself, so that
/// nothing else is in doubt when it fails half way.
pub(super) fn batches(statements: &[Statement], ordered: bool) -> Result<Vec<WriteBatch>> {
    if let Some(index) = statements.iter().position(|s| s.body.as_bytes().len() > MAX_DOCUMENT) {
        return Err(Error::too_large(format!(
            "the write with index {index} is larger than the 16 MiB that servers take"
        )));
    }
    let mut batches = Vec::new();
    if ordered {
        deal(&mut batches, statements.iter().enumerate());
    } else {
        for kind in [WriteKind::Insert, WriteKind::Update, WriteKind::Delete] {
            deal(&mut batches, statements.iter().enumerate().filter(|(_, s)| s.kind == kind));
        }
    }
    Ok(batches)
}

fn deal<'s>(
    batches: &mut Vec<WriteBatch>,
    statements: impl Iterator<Item = (usize, &'s Statement)>,
) {
    let mut open: Option<WriteBatch> = None;
    let mut bytes = 0;
    for (index, statement) in statements {
        // Each item of an array has its index and three bytes more around it.
        let size = statement.body.as_bytes().len() + 10;
        match &mut open {
            Some(batch)
                if batch.kind == statement.kind
                    && !batch.many
                    && !statement.many
                    && batch.indexes.len() < MOST
                    && bytes + size <= MAX_BYTES =>
            {
                batch.indexes.push(index);
                bytes += size;
            }
            _ => {
                let (kind, many) = (statement.kind, statement.many);
                batches.extend(open.replace(WriteBatch { kind, indexes: vec![index], many }));
                bytes = size;
            }
        }
    }
    batches.extend(open);
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{RawDocumentBuf, doc};

    use super::*;
    use crate::backend::mongodb::write::bulk::statement::Selection;
    use crate::backend::mongodb::write::change::Change;

    fn insert(text: &str) -> Statement {
        Statement::insert(RawDocumentBuf::try_from(&doc! { "_id": 1, "t": text }).unwrap())
    }

    fn update(many: bool) -> Statement {
        let selection = Selection { many, ..Selection::default() };
        Statement::update(&selection, Change::operators(doc! { "$set": { "a": 1 } }), false)
            .unwrap()
    }

    fn dealt(statements: &[Statement], ordered: bool) -> Vec<(WriteKind, Vec<usize>)> {
        let batches = batches(statements, ordered).unwrap();
        batches.into_iter().map(|batch| (batch.kind, batch.indexes)).collect()
    }

    #[test]
    fn order_is_kept_where_it_matters() {
        let mixed = [insert("a"), update(false), update(false), insert("b")];
        assert_eq!(
            dealt(&mixed, true),
            [
                (WriteKind::Insert, vec![0]),
                (WriteKind::Update, vec![1, 2]),
                (WriteKind::Insert, vec![3])
            ]
        );
        assert_eq!(
            dealt(&mixed, false),
            [(WriteKind::Insert, vec![0, 3]), (WriteKind::Update, vec![1, 2])]
        );
    }

    #[test]
    fn a_write_to_many_documents_goes_by_itself() {
        let mixed = [update(false), update(true), update(false)];
        let each: Vec<_> = (0..3).map(|index| (WriteKind::Update, vec![index])).collect();
        assert_eq!(dealt(&mixed, true), each);
    }

    #[test]
    fn commands_stay_within_the_limits_of_servers() {
        let many: Vec<Statement> = (0..2500).map(|_| insert("x")).collect();
        let sizes: Vec<usize> = dealt(&many, true).iter().map(|(_, i)| i.len()).collect();
        assert_eq!(sizes, [1000, 1000, 500]);
        let large: Vec<Statement> = (0..5).map(|_| insert(&"x".repeat(5_000_000))).collect();
        let sizes: Vec<usize> = dealt(&large, false).iter().map(|(_, i)| i.len()).collect();
        assert_eq!(sizes, [3, 2]);
        let huge = [insert("x"), insert(&"x".repeat(17 << 20))];
        assert!(batches(&huge, true).unwrap_err().message().contains("index 1"));
    }
}
