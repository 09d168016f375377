//! The objects that stand for a type: `{ "$oid": "…" }`, `{ "$numberLong": "…" }` and the like.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mongodb::bson::DateTime;
use serde::Deserialize;
use serde::de::{Error, MapAccess};

use super::number::{decimal, double, integer};
use super::read::{DOUBLE, Element, STRING, document_into, members_into, string_into};

const WRAPPERS: [&str; 18] = [
    "$oid",
    "$numberInt",
    "$numberLong",
    "$numberDouble",
    "$numberDecimal",
    "$date",
    "$binary",
    "$uuid",
    "$regularExpression",
    "$timestamp",
    "$minKey",
    "$maxKey",
    "$undefined",
    "$unreadable",
    "$symbol",
    "$code",
    "$scope",
    "$dbPointer",
];

/// Whether an object with this key stands for a type. `$regex`, `$options`, `$type`, `$ref` and
/// `$id` do not: they are query operators, and ordinary fields of a `DBRef`.
pub(super) fn is_wrapper(key: &str) -> bool {
    key.starts_with('$') && WRAPPERS.contains(&key)
}

/// Reads the value of a wrapper, whose first key is already read, and nothing after it.
pub(super) fn read<'de, A: MapAccess<'de>>(
    element: &mut Element<'_>,
    key: &str,
    map: &mut A,
) -> Result<(), A::Error> {
    match key {
        "$oid" => {
            let text: String = map.next_value()?;
            element.set(0x07, &object_id::<A::Error>(&text)?);
        }
        "$numberInt" => element.set(0x10, &number(map, key, integer::<i32>)?.to_le_bytes()),
        "$numberLong" => element.set(0x12, &number(map, key, integer::<i64>)?.to_le_bytes()),
        "$numberDouble" => element.set(DOUBLE, &number(map, key, double)?.to_le_bytes()),
        "$numberDecimal" => element.set(0x13, &number(map, key, decimal)?.bytes()),
        "$date" => {
            let ms = map.next_value::<Date>()?.milliseconds()?;
            element.set(0x09, &ms.to_le_bytes());
        }
        "$binary" => {
            let (bytes, subtype) = match map.next_value::<Binary>()? {
                Binary::V2(BinaryBody { base64, sub_type }) => (base64, sub_type),
                Binary::V1(base64) => match map.next_key::<String>()?.as_deref() {
                    Some("$type") => (base64, map.next_value()?),
                    _ => return Err(A::Error::custom("`$binary` needs a `$type` after it")),
                },
            };
            let bytes =
                BASE64.decode(bytes).map_err(|_| A::Error::custom("`$binary` must hold base64"))?;
            set_binary(element, subtype_number(&subtype)?, &bytes)?;
        }
        "$uuid" => {
            let text: String = map.next_value()?;
            // Without hyphens or in braces it is none to other readers.
            let uuid = uuid::Uuid::parse_str(&text).ok().filter(|_| text.len() == 36);
            let uuid =
                uuid.ok_or_else(|| A::Error::custom(format!("`$uuid` is not a UUID: {text:?}")))?;
            set_binary(element, 0x04, uuid.as_bytes())?;
        }
        "$regularExpression" => {
            let Regex { pattern, options } = map.next_value()?;
            if pattern.contains('\0') || options.contains('\0') {
                return Err(A::Error::custom(
                    "a regular expression can't contain a zero character",
                ));
            }
            element.set(0x0b, pattern.as_bytes());
            element.out.push(0);
            element.out.extend_from_slice(options.as_bytes());
            element.out.push(0);
        }
        "$timestamp" => {
            let Timestamp { t, i } = map.next_value()?;
            element.set(0x11, &i.to_le_bytes());
            element.out.extend_from_slice(&t.to_le_bytes());
        }
        "$minKey" => one(map, key).map(|()| element.set(0xff, &[]))?,
        "$maxKey" => one(map, key).map(|()| element.set(0x7f, &[]))?,
        "$undefined" => {
            if !map.next_value::<bool>()? {
                return Err(A::Error::custom("`$undefined` is always true"));
            }
            element.set(0x06, &[]);
        }
        "$unreadable" => {
            let Unreadable { base64 } = map.next_value()?;
            let text = base64.and_then(|text| BASE64.decode(text).ok()).ok_or_else(|| {
                A::Error::custom(
                    "`$unreadable` stands for what JSON can't express and can't be written; change \
                     other fields with `update`",
                )
            })?;
            element.set(STRING, &[]);
            string_into(element.out, &text)?;
        }
        "$symbol" => {
            let text: String = map.next_value()?;
            element.set_string(0x0e, &text)?;
        }
        "$dbPointer" => {
            let DbPointer { namespace, id } = map.next_value()?;
            element.set_string(0x0c, &namespace)?;
            let id = object_id::<A::Error>(&id.oid)?;
            element.out.extend_from_slice(&id);
        }
        "$code" | "$scope" => return read_code(element, key, map),
        _ => return Err(A::Error::custom(format!("`{key}` is not a type of Extended JSON"))),
    }
    end(map, key)
}

/// Code may have a scope, and JSON objects have no order.
fn read_code<'de, A: MapAccess<'de>>(
    element: &mut Element<'_>,
    key: &str,
    map: &mut A,
) -> Result<(), A::Error> {
    let mut code: Option<String> = None;
    let mut scope: Option<Scope> = None;
    let mut next = Some(key.to_owned());
    while let Some(key) = next {
        match key.as_str() {
            "$code" if code.is_none() => code = Some(map.next_value()?),
            "$scope" if scope.is_none() => scope = Some(map.next_value()?),
            _ => return Err(A::Error::custom(format!("`$code` can't stand next to `{key}`"))),
        }
        next = map.next_key()?;
    }
    let code = code.ok_or_else(|| A::Error::custom("`$scope` needs a `$code`"))?;
    let Some(Scope(scope)) = scope else { return element.set_string(0x0d, &code) };
    element.set(0x0f, &[]);
    let start = element.out.len();
    element.out.extend_from_slice(&[0; 4]);
    string_into(element.out, code.as_bytes())?;
    element.out.extend_from_slice(&scope);
    let length = i32::try_from(element.out.len() - start)
        .map_err(|_| A::Error::custom("the code is too long"))?;
    element.out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

fn end<'de, A: MapAccess<'de>>(map: &mut A, key: &str) -> Result<(), A::Error> {
    match map.next_key::<String>()? {
        None => Ok(()),
        Some(other) => Err(A::Error::custom(format!("`{key}` can't stand next to `{other}`"))),
    }
}

fn one<'de, A: MapAccess<'de>>(map: &mut A, key: &str) -> Result<(), A::Error> {
    match map.next_value::<u8>()? {
        1 => Ok(()),
        _ => Err(A::Error::custom(format!("`{key}` is always 1"))),
    }
}

/// A number that is written as text.
fn number<'de, T, A: MapAccess<'de>>(
    map: &mut A,
    key: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, A::Error> {
    let text: String = map.next_value()?;
    read(&text).ok_or_else(|| A::Error::custom(format!("`{key}` can't hold {text:?}")))
}

fn object_id<E: Error>(text: &str) -> Result<[u8; 12], E> {
    let mut id = [0; 12];
    hex::decode_to_slice(text, &mut id)
        .map_err(|_| E::custom(format!("`$oid` must be 24 hexadecimal digits, got {text:?}")))?;
    Ok(id)
}

fn subtype_number<E: Error>(text: &str) -> Result<u8, E> {
    // A sign is not a digit to us.
    let is_short = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u8::from_str_radix(text, 16)
        .ok()
        .filter(|_| is_short)
        .ok_or_else(|| E::custom("the subtype of `$binary` must be one or two hexadecimal digits"))
}

fn set_binary<E: Error>(element: &mut Element<'_>, subtype: u8, bytes: &[u8]) -> Result<(), E> {
    let too_long = |_| E::custom("`$binary` is too long");
    let inner = i32::try_from(bytes.len()).map_err(too_long)?.to_le_bytes();
    // The old generic subtype repeats its length inside.
    let inner = if subtype == 0x02 { &inner[..] } else { &[] };
    let length = i32::try_from(inner.len() + bytes.len()).map_err(too_long)?;
    element.set(0x05, &length.to_le_bytes());
    element.out.push(subtype);
    element.out.extend_from_slice(inner);
    element.out.extend_from_slice(bytes);
    Ok(())
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`$date` must be an ISO-8601 date or `$numberLong` milliseconds")]
enum Date {
    Text(String),
    Milliseconds(i64),
    Canonical(Long),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    #[serde(rename = "$numberLong")]
    value: String,
}

impl Date {
    fn milliseconds<E: Error>(self) -> Result<i64, E> {
        match self {
            Self::Text(text) => DateTime::parse_rfc3339_str(&text)
                .map(DateTime::timestamp_millis)
                .map_err(|_| E::custom(format!("`$date` is not an ISO-8601 date: {text:?}"))),
            Self::Milliseconds(ms) => Ok(ms),
            Self::Canonical(Long { value }) => {
                integer(&value).ok_or_else(|| E::custom(format!("`$date` can't hold {value:?}")))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`$binary` must hold `base64` and `subType`")]
enum Binary {
    V2(BinaryBody),
    V1(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BinaryBody {
    base64: String,
    #[serde(rename = "subType")]
    sub_type: String,
}

/// Text that is not UTF-8. What else could not be shown has a `reason`.
#[derive(Deserialize)]
struct Unreadable {
    base64: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regex {
    pattern: String,
    options: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Timestamp {
    t: u32,
    i: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DbPointer {
    #[serde(rename = "$ref")]
    namespace: String,
    #[serde(rename = "$id")]
    id: Oid,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Oid {
    #[serde(rename = "$oid")]
    oid: String,
}

/// The bytes of a scope document.
struct Scope(Vec<u8>);

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> serde::de::Visitor<'de> for Fields {
            type Value = Scope;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object as `$scope`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scope, A::Error> {
                let mut bytes = Vec::new();
                let first = map.next_key()?;
                // Code with a scope is a way out of the levels of the document that it is in, and
                // has its own.
                document_into(&mut bytes, |out| members_into(out, first, &mut map, 1))?;
                Ok(Scope(bytes))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}
