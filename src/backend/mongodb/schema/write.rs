//! A profile as JSON.

use super::field::{FieldProfile, Kept, Lengths, TypeProfile};
use super::profile::{Place, Profile};
use crate::backend::mongodb::types::{DOCUMENT, alias};
use crate::ejson::{Mode, write_raw};
use crate::error::Result;
use crate::json::Writer;

impl Profile {
    /// Writes `"documents"`, `"bytes"`, `"paths"`, `"cut"`, `"left_out"` and `"fields"` as members of
    /// an object, without its braces.
    pub fn write(&self, writer: &mut Writer, mode: Mode) -> Result<()> {
        writer.raw("\"documents\":");
        writer.value(&self.documents)?;
        writer.raw(",\"bytes\":");
        writer.value(&self.bytes)?;
        writer.raw(",\"paths\":");
        writer.value(&(self.places.len() - 1))?;
        writer.raw(",\"cut\":");
        writer.boolean(self.cut || self.left_out > 0);
        writer.raw(",\"left_out\":");
        writer.value(&self.left_out)?;
        writer.raw(",\"fields\":[");
        let mut inside = vec![Vec::new(); self.places.len()];
        for (index, place) in self.places.iter().enumerate().skip(1) {
            inside[place.parent].push(index);
        }
        // A field is followed by what is inside of it; the last on the stack comes next.
        let mut first = true;
        let mut next: Vec<usize> = std::mem::take(&mut inside[0]);
        next.reverse();
        while let Some(index) = next.pop() {
            writer.comma(&mut first);
            self.write_field(writer, index, mode)?;
            next.extend(inside[index].drain(..).rev());
        }
        writer.raw("]");
        Ok(())
    }

    fn write_field(&self, writer: &mut Writer, index: usize, mode: Mode) -> Result<()> {
        let place = &self.places[index];
        let profile = &place.profile;
        self.write_path(writer, index);
        writer.raw(",\"documents\":");
        writer.value(&profile.documents)?;
        writer.raw(",\"presence\":");
        writer.number(share(profile.documents, self.documents));
        writer.raw(",\"occurrences\":");
        writer.value(&profile.occurrences)?;
        writer.raw(",\"presence_in_parent\":");
        match place.name {
            Some(_) => writer.number(share(profile.occurrences, self.parents(place))),
            None => writer.raw("null"),
        }
        let (count, exact) = profile.distinct.count();
        writer.raw(",\"cardinality\":{\"value\":");
        writer.value(&count)?;
        writer.raw(if exact { ",\"kind\":\"exact\"}" } else { ",\"kind\":\"estimate\"}" });
        writer.raw(",\"types\":");
        let mut types: Vec<&TypeProfile> = profile.types.iter().collect();
        types.sort_by_key(|of_type| std::cmp::Reverse(of_type.count));
        writer
            .try_list(types, |writer, of_type| self.write_type(writer, profile, of_type, mode))?;
        writer.raw("}");
        Ok(())
    }

    /// Documents that could have had a field.
    fn parents(&self, place: &Place) -> u64 {
        let types = &self.places[place.parent].profile.types;
        types.iter().find(|of_type| of_type.kind == DOCUMENT).map_or(0, |of_type| of_type.count)
    }

    /// Opens the object of a field with its path, as text and as names.
    fn write_path(&self, writer: &mut Writer, index: usize) {
        let mut names = Vec::new();
        let mut at = index;
        while at != 0 {
            let place = &self.places[at];
            names.push(place.name.as_deref().map(String::from_utf8_lossy));
            at = place.parent;
        }
        names.reverse();
        let mut path = String::new();
        for name in &names {
            match name {
                None => path.push_str("[]"),
                Some(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
            }
        }
        writer.raw("{\"path\":");
        writer.string(&path);
        writer.raw(",\"keys\":");
        writer.list(&names, |writer, name| match name {
            Some(name) => writer.string(name),
            None => writer.raw("null"),
        });
    }

    fn write_type(
        &self,
        writer: &mut Writer,
        profile: &FieldProfile,
        of_type: &TypeProfile,
        mode: Mode,
    ) -> Result<()> {
        writer.raw("{\"type\":");
        writer.string(alias(of_type.kind));
        writer.raw(",\"count\":");
        writer.value(&of_type.count)?;
        writer.raw(",\"share\":");
        writer.number(share(of_type.count, profile.occurrences));
        if let Some((min, max)) = &of_type.range {
            writer.raw(",\"min\":");
            write_kept(writer, of_type.kind, min, mode)?;
            writer.raw(",\"max\":");
            write_kept(writer, of_type.kind, max, mode)?;
        }
        if of_type.lengths.count > 0 {
            write_lengths(writer, of_type.lengths)?;
        }
        let frequent = of_type.frequent.top(self.limits.values);
        if !frequent.is_empty() {
            writer.raw(",\"values\":[");
            let mut first = true;
            for counted in frequent {
                writer.comma(&mut first);
                writer.raw("{\"value\":");
                write_raw(writer, counted.kind, counted.value, mode)?;
                writer.raw(",\"count\":");
                writer.value(&counted.count)?;
                writer.raw(",\"error\":");
                writer.value(&counted.error)?;
                writer.raw("}");
            }
            writer.raw("]");
        }
        writer.raw("}");
        Ok(())
    }
}

/// The ends of a range are shown as what they are; text that was cut says so.
fn write_kept(writer: &mut Writer, kind: u8, kept: &Kept, mode: Mode) -> Result<()> {
    if !kept.cut {
        return write_raw(writer, kind, &kept.value, mode);
    }
    let text = &kept.value[4..kept.value.len() - 1];
    writer.string(&format!("{}…", String::from_utf8_lossy(text)));
    Ok(())
}

fn write_lengths(writer: &mut Writer, lengths: Lengths) -> Result<()> {
    writer.raw(",\"length\":{\"min\":");
    writer.value(&lengths.min)?;
    writer.raw(",\"max\":");
    writer.value(&lengths.max)?;
    writer.raw(",\"average\":");
    writer.number(share(lengths.sum, lengths.count));
    writer.raw("}");
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "shares of far fewer than 2^53")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
