//! Aggregation.

use mongodb::bson::Document;

use super::call::Call;
use super::find::{Cap, End, write_all};
use super::names::Namespace;
use crate::ejson::Mode;
use crate::error::Result;
use crate::json::Writer;

impl Call<'_> {
    /// Runs a pipeline that has passed the gate, and writes its result up to the cap as the elements of
    /// a JSON array, without its brackets. `writes` says that it ends in `$out` or
    /// `$merge`.
    pub async fn aggregate(
        &self,
        namespace: &Namespace,
        pipeline: Vec<Document>,
        options: AggregateOptions,
        mode: Mode,
        writer: &mut Writer,
    ) -> Result<End> {
        let collection = self.collection(namespace);
        let mut aggregate =
            collection.aggregate(pipeline).max_time(self.max_time()).comment(self.comment());
        if let Some(allow) = options.allow_disk_use {
            aggregate = aggregate.allow_disk_use(allow);
        }
        let cap = options.cap;
        if !options.writes {
            aggregate = aggregate.batch_size(cap.documents.saturating_add(1));
        }
        let work = async {
            let cursor = aggregate.batch().await?;
            write_all(cursor, cap, mode, writer).await
        };
        if options.writes { self.write(work).await } else { self.read(work).await }
    }
}

/// How to run a pipeline.
#[derive(Debug, Clone, Copy, Default)]
pub struct AggregateOptions {
    /// Let stages that sort or group use the server's disk.
    pub allow_disk_use: Option<bool>,
    /// It ends in `$out` or `$merge`.
    pub writes: bool,
    /// How much to return at most.
    pub cap: Cap,
}
