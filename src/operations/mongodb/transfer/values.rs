//! The JSON values of a body that arrives in pieces: the elements of one array, or values that follow
//! each other.

use bytes::{Bytes, BytesMut};

use crate::error::{Error, Result};
use crate::request::upload::Upload;

/// Cuts a body into its values without reading them, so that one that is broken inside is refused by
/// itself.
#[derive(Debug, Default)]
pub(super) struct Values {
    buffer: BytesMut,
    /// Where the next byte to look at is.
    at: usize,
    /// Where the value begins that is under way.
    start: Option<usize>,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Within the outer array; `None` before the first byte that is not white space.
    array: Option<bool>,
    closed: bool,
}

impl Values {
    /// The next value; `None` at the end of the body.
    pub(super) async fn next(&mut self, body: &mut Upload, limit: usize) -> Result<Option<Bytes>> {
        loop {
            if let Some(value) = self.cut()? {
                return Ok(Some(value));
            }
            let pending = self.start.map_or(0, |start| self.buffer.len() - start);
            if pending > limit {
                let message = format!("a value of the body is longer than {limit} bytes");
                return Err(Error::too_large(message));
            }
            match body.chunk().await? {
                Some(chunk) => {
                    body.keep(self.buffer.len() + chunk.len())?;
                    self.buffer.extend_from_slice(&chunk);
                }
                None => return self.end(),
            }
        }
    }

    /// The next value that is there as a whole.
    fn cut(&mut self) -> Result<Option<Bytes>> {
        while let Some(&byte) = self.buffer.get(self.at) {
            self.at += 1;
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return Ok(Some(self.take(self.at)));
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    if self.depth == 0 && self.start.is_some() {
                        return Ok(Some(self.take(self.at - 1)));
                    }
                }
                _ if self.closed => return Err(misplaced("something after the array")),
                b'[' if self.array.is_none() => self.array = Some(true),
                b',' if self.depth == 0 => {
                    if self.array != Some(true) {
                        return Err(misplaced("a comma between values outside of an array"));
                    }
                    if self.start.is_some() {
                        return Ok(Some(self.take(self.at - 1)));
                    }
                }
                b']' | b'}' if self.depth == 0 => {
                    if byte == b'}' || self.array != Some(true) {
                        return Err(misplaced("a bracket that nothing opened"));
                    }
                    self.closed = true;
                    if self.start.is_some() {
                        return Ok(Some(self.take(self.at - 1)));
                    }
                }
                _ => {
                    self.array.get_or_insert(false);
                    self.start.get_or_insert(self.at - 1);
                    match byte {
                        b'"' => self.in_string = true,
                        b'[' | b'{' => self.depth += 1,
                        b']' | b'}' => {
                            self.depth -= 1;
                            if self.depth == 0 {
                                return Ok(Some(self.take(self.at)));
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        if self.start.is_none() {
            self.buffer.clear();
            self.at = 0;
        }
        Ok(None)
    }

    /// The value that ends before `end`; what lies before it is let go.
    fn take(&mut self, end: usize) -> Bytes {
        let start = self.start.take().unwrap_or(end);
        let mut value = self.buffer.split_to(end);
        self.at -= end;
        let _ = value.split_to(start);
        value.freeze()
    }

    fn end(&mut self) -> Result<Option<Bytes>> {
        let whole = self.depth == 0 && !self.in_string;
        if !whole || (self.array == Some(true) && !self.closed) {
            return Err(Error::validation("the body ends in the middle of its JSON"));
        }
        // A number at the very end has nothing behind it that would end it.
        let end = self.buffer.len();
        Ok(self.start.is_some().then(|| self.take(end)))
    }
}

fn misplaced(what: &str) -> Error {
    Error::validation(format!("the body holds {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::upload::read_in_pieces;

    async fn cut(pieces: &[&[u8]]) -> Result<Vec<String>> {
        let reading = |mut body| async move {
            let mut values = Values::default();
            let mut found = Vec::new();
            while let Some(value) = values.next(&mut body, 1 << 20).await? {
                found.push(String::from_utf8(value.to_vec()).unwrap());
            }
            Ok(found)
        };
        read_in_pieces(pieces.iter().copied(), reading).await
    }

    #[tokio::test]
    async fn an_array_gives_its_elements() {
        let found = cut(&[br#" [ {"a":"]},{"}, [1,[2]], 3 ,"x\\\"," ] "#]).await.unwrap();
        assert_eq!(found, [r#"{"a":"]},{"}"#, "[1,[2]]", "3", r#""x\\\",""#]);
    }

    #[tokio::test]
    async fn values_may_follow_each_other() {
        let found = cut(&[b"{\"a\":1}\n{\n\"b\": [ 2 ]\n}{}\n7"]).await.unwrap();
        assert_eq!(found, ["{\"a\":1}", "{\n\"b\": [ 2 ]\n}", "{}", "7"]);
    }

    #[tokio::test]
    async fn what_is_cut_off_or_misplaced_is_told() {
        for text in ["[{}", "{\"a\":", "[1,2", "{},{}", "]", "[1]2", "\"a", "[\"a\\\"]"] {
            assert!(cut(&[text.as_bytes()]).await.is_err(), "{text}");
        }
        for text in ["", " \n", "[]", "[ ]\n"] {
            assert!(cut(&[text.as_bytes()]).await.unwrap().is_empty(), "{text}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Into::into),
            any::<bool>().prop_map(Into::into),
            "[ \\[\\]{},\"\\\\a]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::btree_map("[a\"{]{0,3}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn elements_come_back_however_the_body_is_cut(
            values in proptest::collection::vec(json(), 0..6),
            size in 1_usize..9,
            pretty: bool,
        ) {
            let text = if pretty {
                serde_json::to_string_pretty(&values).unwrap()
            } else {
                serde_json::to_string(&values).unwrap()
            };
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let found = runtime.block_on(cut(&pieces)).unwrap();
            let found: Vec<serde_json::Value> =
                found.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            prop_assert_eq!(found, values);
        }
    }
}
