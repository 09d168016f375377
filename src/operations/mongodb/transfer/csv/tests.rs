//! What is read, and that what is written is read as it was.

use csv_core::Reader;
use mongodb::bson::{self, RawDocumentBuf, doc};
use proptest::prelude::*;

use super::cell::is_value;
use super::columns::Columns;
use super::rows::{Cells, Rows};
use crate::ejson::{Document, Mode};
use crate::error::{Error, Result};
use crate::json::Writer;
use crate::request::upload::{Upload, read_in_pieces};

async fn read(csv: &[u8], cells: Cells, size: usize) -> Result<Vec<Result<bson::Document>>> {
    let reading = |body: Upload| async move {
        let mut body = body.text();
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
    read_in_pieces(csv.chunks(size), reading).await
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
    let csv = b"a,b\n1,2,3\n1,\"x\"y\n\"x\" ,2\n1,{\"$oid\":1}\n4\n";
    let rows = block_on(read(csv, Cells::Typed, 99)).unwrap();
    assert!(rows[..4].iter().all(Result::is_err), "{rows:?}");
    assert_eq!(rows[4].as_ref().unwrap(), &doc! { "a": 4 });
}

#[test]
fn headers_that_mean_two_things_are_refused() {
    for header in [
        "a,a",
        "$rest,a,$rest",
        "a,\"\"\"a\"\"\"",
        "a,a.b",
        "a.b,a",
        ",a",
        "a..b",
        ",",
        "\"a\"b",
        "\"\"\"a\"",
    ] {
        let csv = format!("{header}\n1,2\n");
        assert!(block_on(read(csv.as_bytes(), Cells::Typed, 99)).is_err(), "{header}");
    }
}

#[test]
fn what_is_no_value_is_text() {
    let csv = b"a,b,c\n[URGENT] call,{x} y,1234e567\n12345678901234567890,1.10,5\" pipe\n";
    let rows = block_on(read(csv, Cells::Typed, 99)).unwrap();
    let rows: Vec<_> = rows.into_iter().map(Result::unwrap).collect();
    assert_eq!(rows[0], doc! { "a": "[URGENT] call", "b": "{x} y", "c": "1234e567" });
    assert_eq!(rows[1], doc! { "a": "12345678901234567890", "b": "1.10", "c": "5\" pipe" });
}

#[test]
fn columns_without_a_name_at_the_end_are_none() {
    let rows = block_on(read(b"a,b,,\n1,2,,\n3,4,,,,\n5,,\n6,7,8,\n", Cells::Typed, 3)).unwrap();
    let expected = [doc! { "a": 1, "b": 2 }, doc! { "a": 3, "b": 4 }, doc! { "a": 5 }];
    for (row, expected) in rows.iter().zip(&expected) {
        assert_eq!(row.as_ref().unwrap(), expected);
    }
    assert!(rows[3].is_err(), "there is something in a column without a name");
}

#[test]
fn a_quote_that_is_never_closed_is_told_with_its_record() {
    let csv = b"a,b\n1,2\n3,\"4\n5,6\n";
    for size in [1, 99] {
        let error = block_on(read(csv, Cells::Typed, size)).unwrap_err();
        assert_eq!(error.message(), "a quote that opens in record 2 is never closed");
    }
}

#[test]
fn a_field_without_a_name_comes_back_and_one_that_is_there_twice_is_not_hidden() {
    let mut twice = RawDocumentBuf::new();
    for value in 1..=3 {
        twice.append(bson::raw::cstr!("a"), value);
    }
    let documents = [doc! { "": 1, "a": { "": 2 } }];
    let raw: Vec<_> = documents.iter().map(|d| RawDocumentBuf::try_from(d).unwrap()).collect();
    let columns = Columns::of(raw.iter().map(|d| Ok(d.as_ref())), Mode::Canonical).unwrap();
    let mut out = Writer::new();
    columns.header(&mut out);
    columns.row(&mut out, &raw[0]).unwrap();
    let rows = block_on(read(&out.into_bytes(), Cells::Typed, 99)).unwrap();
    assert_eq!(rows[0].as_ref().unwrap(), &documents[0]);

    let columns = Columns::of(std::iter::once(Ok(twice.as_ref())), Mode::Canonical).unwrap();
    let mut out = Writer::new();
    columns.row(&mut out, &twice).unwrap();
    let line = String::from_utf8(out.into_bytes()).unwrap();
    assert_eq!(line.matches("numberInt").count(), 3, "{line}");
}

#[test]
fn text_that_is_not_utf8_is_a_cell_of_its_own_and_comes_back() {
    let bytes = b"\x16\0\0\0\x02v\0\x03\0\0\0\xff!\0\x10n\0\x07\0\0\0\0".to_vec();
    let document = RawDocumentBuf::from_bytes(bytes).unwrap();
    for names in [vec!["v", "n"], vec![]] {
        let known = doc! { "n": 1 };
        let known = RawDocumentBuf::try_from(&known).unwrap();
        let columns = if names.is_empty() {
            Columns::of(std::iter::once(Ok(known.as_ref())), Mode::Canonical)
        } else {
            Columns::named(names.into_iter().map(str::to_owned).collect(), Mode::Canonical)
        };
        let columns = columns.unwrap();
        let mut out = Writer::new();
        columns.header(&mut out);
        columns.row(&mut out, &document).unwrap();
        let csv = out.into_bytes();
        let mut body = Upload::whole(&csv);
        let mut rows = Rows::new(b',', Cells::Typed, None).unwrap();
        let json = block_on(rows.next(&mut body, 1 << 20)).unwrap().unwrap().unwrap();
        let back = serde_json::from_slice::<Document>(&json).unwrap().into_raw();
        let field = |name: &str| {
            let fields = crate::ejson::raw::fields(back.as_bytes()).unwrap();
            fields.iter().find(|f| f.name == name.as_bytes()).map(|f| f.value.to_vec()).unwrap()
        };
        assert_eq!(field("v"), b"\x03\0\0\0\xff!\0");
        assert_eq!(field("n"), b"\x07\0\0\0");
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
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
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
        any::<[u8; 12]>().prop_map(|id| bson::Bson::ObjectId(bson::oid::ObjectId::from_bytes(id))),
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
        if mode == Mode::Canonical || !is_value(&text) {
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
