//! CSV to documents.

use bytes::{Bytes, BytesMut};
use csv_core::{ReadRecordResult, Reader};

use super::columns::{REST, before_escaping, looks_like_json};
use crate::error::{Code, Error, Result};
use crate::json::Writer;
use crate::request::upload::Upload;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How cells become values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Cells {
    /// What is Extended JSON is that value, anything else is text; empty is nothing.
    #[default]
    Typed,
    /// Text, whatever it looks like.
    Text,
}

/// The rows of a body.
pub(super) struct Rows {
    reader: Reader,
    cells: Cells,
    chunk: Bytes,
    /// Text of the cells of a row, one after the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    layout: Option<Layout>,
    ended: bool,
}

/// Where the cells of a row stand in its document.
struct Layout {
    fields: Vec<Field>,
    rest: Option<usize>,
    columns: usize,
}

struct Field {
    name: String,
    place: Place,
}

enum Place {
    Cell(usize),
    Inside(Vec<Field>),
}

impl Rows {
    /// `names` are the columns of a body without a header.
    pub(super) fn new(delimiter: u8, cells: Cells, names: Option<&[String]>) -> Result<Self> {
        let reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        let layout = names.map(Layout::new).transpose()?;
        let (text, ends) = (vec![0; 4096], vec![0; 64]);
        Ok(Self { reader, cells, chunk: Bytes::new(), text, ends, layout, ended: false })
    }

    /// The next row as a JSON object, or why it is none; `None` at the end.
    pub(super) async fn next(
        &mut self,
        body: &mut Upload,
        limit: usize,
    ) -> Result<Option<Result<Vec<u8>>>> {
        if self.layout.is_none() {
            let Some(cells) = self.record(body, limit).await? else { return Ok(None) };
            let names: Vec<String> = (0..cells)
                .map(|i| String::from_utf8(self.cell(i).to_vec()))
                .collect::<Result<_, _>>()
                .map_err(|_| Error::validation("the header is not UTF-8"))?;
            self.layout = Some(Layout::new(&names)?);
        }
        let Some(cells) = self.record(body, limit).await? else { return Ok(None) };
        let Some(layout) = &self.layout else { return Ok(None) };
        if cells > layout.columns {
            let message = format!("the row has {cells} cells for {} columns", layout.columns);
            return Ok(Some(Err(Error::validation(message))));
        }
        Ok(Some(self.object(layout, cells)))
    }

    /// Reads a row; says how many cells it has.
    async fn record(&mut self, body: &mut Upload, limit: usize) -> Result<Option<usize>> {
        let (mut written, mut cells) = (0, 0);
        loop {
            if self.chunk.is_empty() && !self.ended {
                self.fill(body).await?;
            }
            let (result, read, wrote, ended) = self.reader.read_record(
                &self.chunk,
                &mut self.text[written..],
                &mut self.ends[cells..],
            );
            let _ = self.chunk.split_to(read);
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if written > limit => {
                    let message = format!("a row of the body is longer than {limit} bytes");
                    return Err(Error::new(Code::PayloadTooLarge, message));
                }
                ReadRecordResult::OutputFull => {
                    body.keep(self.kept() + self.text.len())?;
                    self.text.resize(self.text.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    body.keep(self.kept() + size_of_val(self.ends.as_slice()))?;
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::Record => return Ok(Some(cells)),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// Bytes that are there for the cells of a row.
    fn kept(&self) -> usize {
        self.text.len() + size_of_val(self.ends.as_slice())
    }

    async fn fill(&mut self, body: &mut Upload) -> Result<()> {
        // The reader takes nothing for the end, and that is what it is left with after a byte order
        // mark that comes alone.
        let mut bytes = BytesMut::new();
        while bytes.len() <= BYTE_ORDER_MARK.len() {
            match body.chunk().await? {
                Some(chunk) if bytes.is_empty() && chunk.len() > BYTE_ORDER_MARK.len() => {
                    self.chunk = chunk;
                    return Ok(());
                }
                Some(chunk) => bytes.extend_from_slice(&chunk),
                None => {
                    self.ended = true;
                    break;
                }
            }
        }
        self.chunk = bytes.freeze();
        if self.chunk == BYTE_ORDER_MARK {
            self.chunk.clear();
        }
        Ok(())
    }

    fn cell(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }

    fn object(&self, layout: &Layout, cells: usize) -> Result<Vec<u8>> {
        let mut out = Writer::new();
        out.raw(b"{");
        let mut first = true;
        self.members(&mut out, &layout.fields, cells, &mut first)?;
        if let Some(rest) = layout.rest.filter(|&rest| rest < cells) {
            let rest = text(self.cell(rest))?.trim();
            if !rest.is_empty() {
                let members = rest.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                let members = members.ok_or_else(|| {
                    Error::validation(format!("the cell in column `{REST}` is not an object"))
                })?;
                if !members.trim().is_empty() {
                    out.comma(&mut first);
                    out.raw(members);
                }
            }
        }
        out.raw(b"}");
        Ok(out.into_bytes())
    }

    fn members(
        &self,
        out: &mut Writer,
        fields: &[Field],
        cells: usize,
        first: &mut bool,
    ) -> Result<()> {
        for field in fields {
            match &field.place {
                Place::Cell(index) => {
                    let cell = if *index < cells { self.cell(*index) } else { b"" };
                    if cell.is_empty() {
                        continue;
                    }
                    let cell = text(cell)?;
                    out.comma(first);
                    out.string(&field.name);
                    out.raw(b":");
                    match self.cells {
                        Cells::Typed if looks_like_json(cell) => out.raw(cell),
                        Cells::Typed => out.string(before_escaping(cell)),
                        Cells::Text => out.string(cell),
                    }
                }
                Place::Inside(fields) => {
                    let mut inner = Writer::new();
                    self.members(&mut inner, fields, cells, &mut true)?;
                    if !inner.is_empty() {
                        out.comma(first);
                        out.string(&field.name);
                        out.raw(b":{");
                        out.raw(inner.into_bytes());
                        out.raw(b"}");
                    }
                }
            }
        }
        Ok(())
    }
}

fn text(cell: &[u8]) -> Result<&str> {
    std::str::from_utf8(cell).map_err(|_| Error::validation("a cell is not UTF-8"))
}

impl Layout {
    fn new(names: &[String]) -> Result<Self> {
        let mut layout = Self { fields: Vec::new(), rest: None, columns: names.len() };
        for (index, name) in names.iter().enumerate() {
            // A byte order mark is no part of the first name.
            let name = if index == 0 { name.trim_start_matches('\u{feff}') } else { name };
            if name == REST {
                if layout.rest.is_some() {
                    return Err(Error::validation(format!("two columns are called `{REST}`")));
                }
                layout.rest = Some(index);
            } else if name.starts_with('"') {
                let literal = serde_json::from_str::<String>(name).map_err(|_| {
                    Error::validation(format!("{name} is not the name of a column"))
                })?;
                place(&mut layout.fields, &[&literal], index)?;
            } else {
                let path: Vec<&str> = name.split('.').collect();
                place(&mut layout.fields, &path, index)?;
            }
        }
        Ok(layout)
    }
}

fn place(fields: &mut Vec<Field>, path: &[&str], index: usize) -> Result<()> {
    let [name, rest @ ..] = path else { return Ok(()) };
    if name.is_empty() {
        return Err(Error::validation(format!("column {} has no name", index + 1)));
    }
    let known = fields.iter_mut().find(|field| field.name == *name);
    match (known, rest) {
        (None, []) => {
            fields.push(Field { name: (*name).to_owned(), place: Place::Cell(index) });
            Ok(())
        }
        (None, rest) => {
            let mut inner = Vec::new();
            place(&mut inner, rest, index)?;
            fields.push(Field { name: (*name).to_owned(), place: Place::Inside(inner) });
            Ok(())
        }
        (Some(Field { place: Place::Inside(inner), .. }), [_, ..]) => place(inner, rest, index),
        (Some(_), _) => {
            Err(Error::validation(format!("two columns are for one field: {}", path.join("."))))
        }
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{self, RawDocumentBuf, doc};
    use proptest::prelude::*;

    use super::super::columns::Columns;
    use super::*;
    use crate::ejson::{Document, Mode};

    async fn read(csv: &[u8], cells: Cells, size: usize) -> Result<Vec<Result<bson::Document>>> {
        let (sender, body) = Upload::channel();
        let sending = async {
            for piece in csv.chunks(size) {
                sender.send(Bytes::copy_from_slice(piece)).await;
            }
            sender.end().await;
        };
        // It takes the body along, so that whoever sends learns that nobody reads any more.
        let reading = async move {
            let mut body = body;
            let mut rows = Rows::new(b',', cells, None)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next(&mut body, 1 << 20).await? {
                found.push(row.and_then(|json| {
                    let document: Document = serde_json::from_slice(&json)
                        .map_err(|error| Error::validation(error.to_string()))?;
                    document.tree()
                }));
            }
            Ok(found)
        };
        futures_util::future::join(sending, reading).await.1
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    #[test]
    fn cells_are_values_where_they_look_like_it_and_a_dot_leads_inside() {
        let csv = "\u{feff}name,n,a.b,a.c,x\r\n\
            Ann,5,true,\"{\"\"$numberLong\"\":\"\"7\"\"}\",\r\n\
            \"say \"\"hi\"\"\nthere\",05,,,\"\"\"5\"\"\"\n";
        let rows = block_on(read(csv.as_bytes(), Cells::Typed, 3)).unwrap();
        let rows: Vec<_> = rows.into_iter().map(Result::unwrap).collect();
        assert_eq!(rows[0], doc! { "name": "Ann", "n": 5, "a": { "b": true, "c": 7_i64 } });
        assert_eq!(rows[1], doc! { "name": "say \"hi\"\nthere", "n": "05", "x": "5" });
    }

    #[test]
    fn text_stays_text_where_that_is_asked_for() {
        let rows = block_on(read(b"a,b\n5,true\n", Cells::Text, 99)).unwrap();
        assert_eq!(rows[0].as_ref().unwrap(), &doc! { "a": "5", "b": "true" });
    }

    #[test]
    fn a_row_that_does_not_fit_is_refused_by_itself() {
        let rows = block_on(read(b"a,b\n1,2,3\n1,{\n4\n", Cells::Typed, 99)).unwrap();
        assert!(rows[0].is_err() && rows[1].is_err());
        assert_eq!(rows[2].as_ref().unwrap(), &doc! { "a": 4 });
    }

    #[test]
    fn headers_that_mean_two_things_are_refused() {
        for header in
            ["a,a", "$rest,a,$rest", "a,\"\"\"a\"\"\"", "a,a.b", "a.b,a", "a,", "\"\"\"a\""]
        {
            let csv = format!("{header}\n1,2\n");
            assert!(block_on(read(csv.as_bytes(), Cells::Typed, 99)).is_err(), "{header}");
        }
    }

    /// Text that spreadsheets would run, and some that only looks like it.
    fn formula() -> impl Strategy<Value = String> {
        "'{0,2}[=+@\\t\\r\\n＝－-][=+@a-z0-9('\",;. -]{0,6}"
    }

    /// The cells of a file, as spreadsheets see them.
    fn cells(csv: &[u8]) -> Vec<String> {
        let mut reader = Reader::new();
        let (mut cells, mut text) = (Vec::new(), vec![0; 1 << 16]);
        let (mut csv, mut written) = (csv, 0);
        loop {
            let (result, read, wrote) = reader.read_field(csv, &mut text[written..]);
            (csv, written) = (&csv[read..], written + wrote);
            match result {
                csv_core::ReadFieldResult::Field { .. } => {
                    cells.push(String::from_utf8(text[..written].to_vec()).unwrap());
                    written = 0;
                }
                csv_core::ReadFieldResult::End => return cells,
                _ => {}
            }
        }
    }

    fn would_be_run(cell: &str) -> bool {
        let begins =
            cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        begins && cell.parse::<f64>().is_err()
    }

    fn value() -> impl Strategy<Value = bson::Bson> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(bson::Bson::Int32),
            any::<i64>().prop_map(bson::Bson::Int64),
            any::<f64>()
                .prop_filter("NaN is unlike itself", |f| !f.is_nan())
                .prop_map(bson::Bson::Double),
            any::<bool>().prop_map(bson::Bson::Boolean),
            "[ -~é,\"\n=]{0,8}".prop_map(bson::Bson::String),
            formula().prop_map(bson::Bson::String),
            "(true|null|-?[0-9]{1,3}|\\{\\}|\\[1\\]| 5)".prop_map(bson::Bson::String),
            Just(bson::Bson::Null),
            any::<[u8; 12]>()
                .prop_map(|id| bson::Bson::ObjectId(bson::oid::ObjectId::from_bytes(id))),
            any::<i64>().prop_map(|ms| bson::Bson::DateTime(bson::DateTime::from_millis(ms))),
        ];
        leaf.prop_recursive(2, 6, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(bson::Bson::Array),
                proptest::collection::btree_map("[a-c]", inner, 0..3)
                    .prop_map(|map| bson::Bson::Document(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_cell_of_an_export_is_run_and_its_text_comes_back(
            name in prop_oneof![formula(), Just("a".to_owned())],
            text in formula(),
            mode in prop_oneof![Just(Mode::Canonical), Just(Mode::Relaxed)],
            is_named: bool,
        ) {
            let name = name.replace('.', "");
            let document = doc! { &name: &text, "in": { "b": &text } };
            let raw = RawDocumentBuf::try_from(&document).unwrap();
            let columns = if is_named {
                Columns::named(vec![name.clone()], mode)
            } else {
                Columns::of(std::iter::once(Ok(raw.as_ref())), mode)
            };
            let mut out = Writer::new();
            let columns = columns.unwrap();
            columns.header(&mut out);
            columns.row(&mut out, &raw).unwrap();
            let csv = out.into_bytes();
            for cell in cells(&csv) {
                prop_assert!(!would_be_run(&cell), "{:?} in {}", cell, String::from_utf8_lossy(&csv));
            }
            let back = block_on(read(&csv, Cells::Typed, 99)).unwrap().remove(0).unwrap();
            // Cells for people show the text of a number as they show the number.
            if mode == Mode::Canonical || !looks_like_json(&text) {
                prop_assert_eq!(back.get_str(&name).unwrap(), &text);
            }
        }

        #[test]
        fn what_is_exported_as_canonical_comes_back_with_its_types(
            documents in proptest::collection::vec(
                proptest::collection::btree_map("(_id|[a-d]|a\\.b|\\$x|\")", value(), 1..5), 1..4
            ),
            sampled in 0_usize..3,
        ) {
            let documents: Vec<bson::Document> =
                documents.into_iter().map(|d| d.into_iter().collect()).collect();
            let raw: Vec<RawDocumentBuf> =
                documents.iter().map(|d| RawDocumentBuf::try_from(d).unwrap()).collect();
            let sample = raw.iter().take(sampled).map(|d| Ok(d.as_ref()));
            let columns = Columns::of(sample, Mode::Canonical).unwrap();
            let mut out = Writer::new();
            columns.header(&mut out);
            for document in &raw {
                columns.row(&mut out, document).unwrap();
            }
            let rows = block_on(read(&out.into_bytes(), Cells::Typed, 7)).unwrap();
            let read: Vec<bson::Document> = rows.into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), documents.len());
            for (read, written) in read.iter().zip(&documents) {
                prop_assert_eq!(read.len(), written.len());
                for (name, value) in written {
                    prop_assert_eq!(read.get(name), Some(value));
                }
            }
        }
    }
}
