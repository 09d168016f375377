//! One page of an ordered result.

use futures_util::StreamExt as _;
use mongodb::bson::{RawDocument, RawDocumentBuf, doc};

use super::order::Order;
use super::position::Position;
use super::projection::{Widened, widen, without};
use crate::backend::mongodb::cap::{End, List};
use crate::backend::mongodb::command::Call;
use crate::backend::mongodb::names::Namespace;
use crate::backend::mongodb::read::cursor::Batch;
use crate::backend::mongodb::read::find::Query;
use crate::ejson::Form;
use crate::error::Result;
use crate::json::Writer;

impl Call<'_> {
    /// Writes the documents of a query that come after a position in the order, or the first ones. Tells
    /// the position after them, if there are more and it can be told.
    pub async fn find_page(
        &self,
        namespace: &Namespace,
        mut query: Query,
        order: &Order,
        from: Option<&Position>,
        form: impl Into<Form<'_>>,
        writer: &mut Writer,
    ) -> Result<(End, Option<Position>)> {
        let before = from.map_or(query.skip, |position| position.before);
        let collated = query.reading.collation.is_some();
        query.sort = Some(order.sort());
        if let Some(position) = from {
            query.filter = doc! { "$and": [query.filter, position.condition(order)] };
        }
        let widened = widen(query.projection.clone(), order);
        let hidden = widened.as_ref().map(|widened| widened.hidden.clone()).unwrap_or_default();
        let told = widened.is_some();
        if let Some(Widened { projection, .. }) = widened {
            query.projection = projection;
        }
        let (cap, mut form) = (query.cap, form.into());
        self.read(async {
            let mut cursor = self.send_find(namespace, query).await?;
            let mut page = List::new(cap, writer);
            let mut earlier: Option<RawDocumentBuf> = None;
            while let Some(batch) = cursor.next().await {
                let batch = Batch(batch?);
                let mut latest = None;
                for document in batch.documents()? {
                    let document = document?;
                    let shown = (!hidden.is_empty()).then(|| without(document, &hidden));
                    let shown = shown.transpose()?;
                    let shown = shown.as_deref().unwrap_or(document);
                    if page.push(|writer| form.write(writer, shown))? {
                        latest = Some(document);
                        continue;
                    }
                    let Some(end) = latest.or(earlier.as_deref()).filter(|_| told) else {
                        return Ok((page.end, None));
                    };
                    let before = before + page.end.returned;
                    let position = Position::after(order, end, document, collated, before)?;
                    return Ok((page.end, position));
                }
                earlier = latest.map(RawDocument::to_owned).or(earlier);
            }
            Ok((page.end, None))
        })
        .await
    }
}
