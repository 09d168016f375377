//! Result columns: what they are called, and rows of them written as JSON.

use postgres_protocol::message::backend::RowDescriptionBody;

use fallible_iterator::FallibleIterator as _;

use crate::backend::postgres::error::Failure;
use crate::backend::postgres::values::Kind;
use crate::json::{Writer, escape_into};

/// One column of a result.
#[derive(Debug, Clone)]
pub(crate) struct FieldDescription {
    /// Name, as the statement gives it.
    pub name: String,
    /// `pg_type.oid`; for a domain that of its base type.
    pub type_oid: u32,
    kind: Kind,
    /// `"name":`, escaped.
    key: Vec<u8>,
}

/// The columns of one result, and in which order an object shows them.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub list: Vec<FieldDescription>,
    /// Where names repeat: one index per name, in the order of first appearance, each of its last
    /// one. That is what a JavaScript object makes of them.
    unique: Option<Vec<usize>>,
}

impl Columns {
    pub(crate) fn read(body: &RowDescriptionBody) -> Result<Self, Failure> {
        let mut list: Vec<FieldDescription> = Vec::new();
        let mut fields = body.fields();
        while let Some(field) = fields.next().map_err(Failure::protocol)? {
            let name = field.name().to_owned();
            let mut key = vec![b'"'];
            escape_into(&mut key, &name);
            key.extend_from_slice(b"\":");
            let type_oid = field.type_oid();
            list.push(FieldDescription { name, type_oid, kind: Kind::of(type_oid), key });
        }
        let mut order = Vec::with_capacity(list.len());
        let mut at = std::collections::HashMap::new();
        for (index, column) in list.iter().enumerate() {
            let place = *at.entry(column.name.as_str()).or_insert(order.len());
            match order.get_mut(place) {
                Some(earlier) => *earlier = index,
                None => order.push(index),
            }
        }
        let unique = (order.len() < list.len()).then_some(order);
        Ok(Self { list, unique })
    }

    /// Writes the body of a `DataRow` as an array.
    pub(super) fn write_array(&self, row: &[u8], out: &mut Writer) -> Result<(), Failure> {
        let mut values = Values::of(row, self.list.len())?;
        out.raw("[");
        let mut first = true;
        for column in &self.list {
            out.comma(&mut first);
            column.kind.write(values.next()?, out);
        }
        out.raw("]");
        values.end()
    }

    /// Writes the body of a `DataRow` as an object.
    pub(super) fn write_object(&self, row: &[u8], out: &mut Writer) -> Result<(), Failure> {
        let mut values = Values::of(row, self.list.len())?;
        out.raw("{");
        let mut first = true;
        let mut member = |column: &FieldDescription, value| {
            out.comma(&mut first);
            out.raw(&column.key);
            column.kind.write(value, out);
        };
        if let Some(order) = &self.unique {
            let all = self.list.iter().map(|_| values.next()).collect::<Result<Vec<_>, _>>()?;
            for &index in order {
                member(&self.list[index], all[index]);
            }
        } else {
            for column in &self.list {
                member(column, values.next()?);
            }
        }
        out.raw("}");
        values.end()
    }
}

/// The values in the body of a `DataRow`, one after the other.
struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    fn of(row: &'a [u8], columns: usize) -> Result<Self, Failure> {
        match row.split_first_chunk::<2>() {
            Some((count, rest)) if usize::from(u16::from_be_bytes(*count)) == columns => {
                Ok(Self(rest))
            }
            _ => Err(Failure::protocol("a row does not have the columns that were described")),
        }
    }

    /// The next value; `None` is NULL.
    #[inline]
    fn next(&mut self) -> Result<Option<&'a [u8]>, Failure> {
        let short = || Failure::protocol("a row is shorter than its columns");
        let (length, rest) = self.0.split_first_chunk::<4>().ok_or_else(short)?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.0 = rest;
            return Ok(None);
        };
        let (value, rest) = rest.split_at_checked(length).ok_or_else(short)?;
        self.0 = rest;
        Ok(Some(value))
    }

    fn end(&self) -> Result<(), Failure> {
        match self.0 {
            [] => Ok(()),
            _ => Err(Failure::protocol("a row is longer than its columns")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, type_oid: u32) -> FieldDescription {
        let key = format!("\"{name}\":").into_bytes();
        FieldDescription { name: name.into(), type_oid, kind: Kind::of(type_oid), key }
    }

    fn row(values: &[Option<&str>]) -> Vec<u8> {
        let mut row = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
        for value in values {
            match value {
                Some(v) => {
                    row.extend(i32::try_from(v.len()).unwrap().to_be_bytes());
                    row.extend(v.as_bytes());
                }
                None => row.extend((-1_i32).to_be_bytes()),
            }
        }
        row
    }

    #[test]
    fn of_columns_that_share_a_name_an_object_shows_the_last() {
        let list = vec![column("a", 23), column("b", 25), column("a", 25)];
        let columns = Columns { list, unique: Some(vec![2, 1]) };
        let row = row(&[Some("1"), None, Some("x")]);
        let mut out = Writer::new();
        columns.write_object(&row, &mut out).unwrap();
        columns.write_array(&row, &mut out).unwrap();
        assert_eq!(out.into_bytes(), br#"{"a":"x","b":null}[1,null,"x"]"#);
    }

    #[test]
    fn a_row_cut_short_is_a_broken_protocol() {
        let columns = Columns { list: vec![column("a", 25)], unique: None };
        let whole = row(&[Some("abc")]);
        for end in 0..whole.len() {
            assert!(columns.write_array(&whole[..end], &mut Writer::new()).is_err());
        }
    }
}
