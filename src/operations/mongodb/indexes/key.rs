//! The fields of an index, and the kinds of them.

use mongodb::bson::{Bson, Document};

use crate::error::{Error, Result};
use crate::request::params::keep_to;

/// Fields of one index at most.
const MOST: usize = 32;

/// What an index has in its key.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields {
    /// All of them.
    pub(super) all: usize,
    pub(super) text: usize,
    pub(super) hashed: usize,
    pub(super) wildcard: usize,
    pub(super) sphere: usize,
    pub(super) plane: usize,
    /// `$**` itself, which stands for all fields of the documents.
    pub(super) whole: bool,
    /// Its only field is `_id`, in the order of its values.
    pub(super) by_id: bool,
}

impl Fields {
    /// Reads a key whose fields servers can index together.
    pub(super) fn of(key: &Document) -> Result<Self> {
        if key.is_empty() || key.len() > MOST {
            return Err(Error::validation(format!("an index has 1 to {MOST} fields")));
        }
        let mut fields = Self { all: key.len(), ..Self::default() };
        for (path, value) in key {
            let wildcard = path == "$**" || path.ends_with(".$**");
            check_path(path)?;
            match value {
                Bson::String(kind) => fields.count(path, kind)?,
                value if is_order(value) => fields.wildcard += usize::from(wildcard),
                _ => {
                    return Err(Error::validation(format!(
                        "the field `{path}` must be 1 or -1, \"text\", \"2dsphere\", \"2d\" or \
                         \"hashed\""
                    )));
                }
            }
            fields.whole |= path == "$**";
            fields.by_id = key.len() == 1 && path == "_id" && is_order(value);
        }
        fields.fit_together()?;
        Ok(fields)
    }

    /// Whether it keeps something else than values in their order.
    pub(super) fn special(&self) -> bool {
        self.text + self.hashed + self.wildcard + self.sphere + self.plane > 0
    }

    fn count(&mut self, path: &str, kind: &str) -> Result<()> {
        match kind {
            "text" => self.text += 1,
            "hashed" => self.hashed += 1,
            "2dsphere" => self.sphere += 1,
            "2d" => self.plane += 1,
            _ => {
                return Err(Error::validation(format!(
                    "the field `{path}` has the unknown kind {kind:?}"
                )));
            }
        }
        let wildcard = path.ends_with("$**");
        if wildcard && kind != "text" {
            return Err(Error::validation(format!("`{path}` can't be of the kind {kind:?}")));
        }
        Ok(())
    }

    fn fit_together(self) -> Result<()> {
        let kinds = [self.text, self.hashed, self.wildcard, self.sphere, self.plane];
        let rules = [
            (
                kinds.iter().filter(|count| **count > 0).count() > 1,
                "fields of the kinds text, hashed, wildcard, 2dsphere and 2d can't be in one index",
            ),
            (self.hashed > 1, "an index has one hashed field at most"),
            (self.wildcard > 1, "an index has one wildcard field at most"),
            (self.plane > 1, "an index has one 2d field at most"),
        ];
        keep_to(rules)
    }
}

fn check_path(path: &str) -> Result<()> {
    let wrong = |part: &str| {
        part.is_empty() || (part.starts_with('$') && !matches!(part, "$id" | "$ref" | "$db"))
    };
    // `$**` stands for what is below the field before it, or for everything.
    let field = path.strip_suffix(".$**").unwrap_or(path);
    if path != "$**" && (field.split('.').any(wrong) || field.contains('\0')) {
        return Err(Error::validation(format!("{path:?} can't be a field of an index")));
    }
    Ok(())
}

fn is_order(value: &Bson) -> bool {
    match *value {
        Bson::Int32(order) => order != 0,
        Bson::Int64(order) => order != 0,
        Bson::Double(order) => order.is_finite() && order != 0.0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::doc;

    #[test]
    fn keys_of_all_kinds_are_read() {
        let of = |key: Document| Fields::of(&key).unwrap();
        assert!(!of(doc! { "a": 1, "b.c": -1.0 }).special());
        assert!(of(doc! { "_id": -1 }).by_id && !of(doc! { "_id": "hashed" }).by_id);
        assert_eq!(of(doc! { "a": 1, "b": "text", "c": "text" }).text, 2);
        assert!(of(doc! { "$**": 1 }).whole && !of(doc! { "a.$**": 1 }).whole);
        assert_eq!(of(doc! { "$**": "text" }).wildcard, 0);
        assert_eq!(of(doc! { "a": 1, "b.$**": 1 }).wildcard, 1);
        assert_eq!(of(doc! { "a": "hashed", "b": 1, "ref.$id": 1 }).hashed, 1);
    }

    #[test]
    fn keys_that_servers_refuse_are_refused() {
        for key in [
            doc! {},
            doc! { "": 1 },
            doc! { "a..b": 1 },
            doc! { ".a": 1 },
            doc! { "a.": 1 },
            doc! { "$a": 1 },
            doc! { ".$**": 1 },
            doc! { "$**.a": 1 },
            doc! { "a": 0 },
            doc! { "a": f64::NAN },
            doc! { "a": true },
            doc! { "a": "fulltext" },
            doc! { "a": "hashed", "b": "hashed" },
            doc! { "a": "hashed", "b": "text" },
            doc! { "$**": 1, "a.$**": 1 },
            doc! { "$**": "hashed" },
            doc! { "a": { "b": 1 } },
            (0..33).map(|i| (format!("f{i}"), Bson::Int32(1))).collect(),
        ] {
            assert!(Fields::of(&key).is_err(), "{key}");
        }
    }
}
