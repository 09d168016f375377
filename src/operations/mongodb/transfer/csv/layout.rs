//! Where the cells of a row stand in its document.

use super::REST;
use super::cell::{before_escaping, is_value};
use super::rows::Cells;
use super::splitter::Splitter;
use crate::error::{Error, Result};
use crate::json::{Object, Writer};

/// What the columns are.
pub(super) struct Layout {
    fields: Vec<Field>,
    /// The column with all fields that have none of their own.
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

impl Layout {
    /// By the names of the columns. Those without a name behind the last that has one are none.
    pub(super) fn new(names: &[String]) -> Result<Self> {
        let columns = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        if columns == 0 {
            return Err(Error::validation("the header names no column"));
        }
        let mut layout = Self { fields: Vec::new(), rest: None, columns };
        for (index, name) in names[..columns].iter().enumerate() {
            if name.is_empty() {
                return Err(Error::validation(format!("column {} has no name", index + 1)));
            } else if name == REST {
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
                if path.contains(&"") {
                    let message = format!("column {} has no name between dots", index + 1);
                    return Err(Error::validation(message));
                }
                place(&mut layout.fields, &path, index)?;
            }
        }
        Ok(layout)
    }

    /// The document of a row, as Extended JSON.
    pub(super) fn document(&self, row: &Splitter, cells: Cells) -> Result<Vec<u8>> {
        if let Some(goes_on) = row.goes_on() {
            let message = format!("cell {goes_on} of the row goes on after its closing quote");
            return Err(Error::validation(message));
        }
        if (self.columns..row.cells()).any(|index| !row.cell(index).is_empty()) {
            let message = format!("the row has {} cells for {} columns", row.cells(), self.columns);
            return Err(Error::validation(message));
        }
        let mut out = Writer::new();
        let mut object = Object::open(&mut out);
        write(&mut object, &self.fields, row, cells)?;
        if let Some(rest) = self.rest {
            let rest = text(row.cell(rest))?.trim();
            if !rest.is_empty() {
                let members = rest.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                let members = members.ok_or_else(|| {
                    Error::validation(format!("the cell in column `{REST}` is not an object"))
                })?;
                object.raw_members(members.trim());
            }
        }
        object.close();
        Ok(out.into_bytes())
    }
}

fn write(object: &mut Object<'_>, fields: &[Field], row: &Splitter, cells: Cells) -> Result<()> {
    for Field { name, place } in fields {
        match place {
            Place::Cell(index) if row.cell(*index).is_empty() => {}
            Place::Cell(index) => {
                let (cell, out) = (text(row.cell(*index))?, object.escaped_key(name));
                match cells {
                    Cells::Typed if is_value(cell) => out.raw(cell),
                    Cells::Typed => out.string(before_escaping(cell)),
                    Cells::Text => out.string(cell),
                }
            }
            Place::Inside(fields) if fields.iter().all(|field| field.is_empty(row)) => {}
            Place::Inside(fields) => {
                let mut inner = Object::open(object.escaped_key(name));
                write(&mut inner, fields, row, cells)?;
                inner.close();
            }
        }
    }
    Ok(())
}

impl Field {
    /// Whether the row has nothing of it.
    fn is_empty(&self, row: &Splitter) -> bool {
        match &self.place {
            Place::Cell(index) => row.cell(*index).is_empty(),
            Place::Inside(fields) => fields.iter().all(|field| field.is_empty(row)),
        }
    }
}

fn text(cell: &[u8]) -> Result<&str> {
    std::str::from_utf8(cell).map_err(|_| Error::validation("a cell is not UTF-8"))
}

fn place(fields: &mut Vec<Field>, path: &[&str], index: usize) -> Result<()> {
    let [name, rest @ ..] = path else { return Ok(()) };
    let known = fields.iter_mut().find(|field| field.name == *name);
    let place_of_it = match (known, rest) {
        (None, []) => Place::Cell(index),
        (None, rest) => {
            let mut inner = Vec::new();
            place(&mut inner, rest, index)?;
            Place::Inside(inner)
        }
        (Some(Field { place: Place::Inside(inner), .. }), [_, ..]) => {
            return place(inner, rest, index);
        }
        (Some(_), _) => {
            let message = format!("two columns are for one field: {}", path.join("."));
            return Err(Error::validation(message));
        }
    };
    fields.push(Field { name: (*name).to_owned(), place: place_of_it });
    Ok(())
}
