//! Who is connected.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::scalar::Scalar;
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::cursor;
use crate::backend::redis::servers::{NodeName, Which};
use crate::backend::redis::wire::{Commands, Effect, reply};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::json::Integer64;

/// What `CLIENT LIST` tells that is no number even where it looks like one.
const WORDS: [&str; 10] =
    ["addr", "laddr", "name", "flags", "events", "cmd", "user", "lib-name", "lib-ver", "capa"];

/// A page of clients, in the order of their nodes and ids.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClientPage {
    /// `null` where the user may not know.
    clients: Option<Vec<Connected>>,
    /// `"0"` after the last page.
    cursor: String,
    /// How many there are in all, at this moment; `null` where the user may not know.
    total: Option<usize>,
    warnings: Warnings,
}

/// A client with what its server tells of it: `addr`, `name`, `age` and `idle` in seconds, `cmd`, `user`
/// and more, with `_` for `-`; numbers where they are such.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConnectedClient")]
struct Connected {
    /// Unique on its server.
    id: i64,
    #[serde(flatten, serialize_with = "in_order")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    fields: Vec<(String, Scalar)>,
    /// The node of a cluster that it is connected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeName>,
}

fn in_order<S: Serializer>(
    fields: &[(String, Scalar)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
}

impl Client {
    /// The clients after `cursor`, at most `limit`; only those of `kind`, as `CLIENT LIST TYPE` knows
    /// it, where one is given.
    pub async fn clients(
        &self,
        kind: Option<&str>,
        cursor: &str,
        limit: usize,
        deadline: Deadline,
    ) -> Result<ClientPage> {
        let after = position(cursor)?;
        let mut args: Vec<&[u8]> = vec![b"CLIENT", b"LIST"];
        if let Some(kind) = kind {
            args.extend([b"TYPE", kind.as_bytes()]);
        }
        let ask = Commands::one(Effect::Read, 0, &args);
        let answers = self.ask_all(Which::All, &["clients"], &ask, deadline).await?;
        let mut clients = None::<Vec<Connected>>;
        for (node, replies) in answers.from {
            if let Some(list) = replies.into_iter().next().flatten().as_ref().and_then(reply::lossy)
            {
                let connected = list.lines().filter_map(|line| parse(line, node.as_ref()));
                clients.get_or_insert_default().extend(connected);
            }
        }
        let total = clients.as_ref().map(Vec::len);
        let mut next = cursor::END.to_owned();
        if let Some(clients) = &mut clients {
            clients.sort_by(|a, b| a.position().cmp(&b.position()));
            clients.retain(|client| client.position() > (after.0.as_str(), after.1));
            if clients.len() > limit {
                clients.truncate(limit);
                next = clients.last().map_or(next, Connected::cursor);
            }
        }
        Ok(ClientPage { clients, cursor: next, total, warnings: answers.warnings })
    }
}

/// The node id, empty where there is one server, and the client's id.
fn position(cursor: &str) -> Result<(String, i64)> {
    let (node, id) = cursor.rsplit_once('.').unwrap_or(("", cursor));
    let invalid = || Error::validation("`cursor` is not one that an earlier page gave");
    // Client ids begin at 1.
    id.parse().map(|id| (node.to_owned(), id)).map_err(|_| invalid())
}

/// `id=3 addr=127.0.0.1:50188 name= age=0 …`
fn parse(line: &str, node: Option<&NodeName>) -> Option<Connected> {
    let mut fields: Vec<(String, Scalar)> = line
        .split(' ')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| {
            let number = value.parse().ok().filter(|_| !WORDS.contains(&name)).map(Integer64);
            let value = number.map_or_else(|| Scalar::word(value), Scalar::Number);
            (name.replace('-', "_"), value)
        })
        .collect();
    let at = fields.iter().position(|(name, _)| name == "id")?;
    let (_, Scalar::Number(Integer64(id))) = fields.remove(at) else { return None };
    Some(Connected { id, fields, node: node.cloned() })
}

impl Connected {
    fn position(&self) -> (&str, i64) {
        (self.node.as_ref().map_or("", |node| node.id.as_str()), self.id)
    }

    fn cursor(&self) -> String {
        match &self.node {
            Some(node) => format!("{}.{}", node.id, self.id),
            None => self.id.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_client_is_told_with_its_types() {
        let line = "id=3 addr=127.0.0.1:50188 name=7 age=2 flags=N qbuf-free=20448 user=default \
                    lib-ver=1 redir=-1";
        let client = serde_json::to_value(parse(line, None).unwrap()).unwrap();
        let expected = json!({
            "id": 3, "addr": "127.0.0.1:50188", "name": "7", "age": 2, "flags": "N",
            "qbuf_free": 20448, "user": "default", "lib_ver": "1", "redir": -1,
        });
        assert_eq!(client, expected);
        assert!(parse("nonsense", None).is_none());
    }

    #[test]
    fn a_cursor_leads_behind_the_last_client() {
        assert_eq!(position("0").unwrap(), (String::new(), 0));
        assert_eq!(position("abc.17").unwrap(), ("abc".to_owned(), 17));
        for cursor in ["", "x", "abc.", "1.x"] {
            assert!(position(cursor).is_err(), "{cursor}");
        }
    }
}
