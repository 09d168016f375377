//! What a server says of itself that makes a cursor of `SCAN` its own: which process it is, and which
//! slots it serves.

use redis::Value;

use super::slot;
use super::slot_set::SlotSet;
use crate::backend::redis::wire::{Commands, Effect, reply};

/// Asks which process it is.
pub(crate) fn push_process(commands: &mut Commands) {
    commands.push(Effect::Read, 0, &[b"INFO", b"server"]);
}

/// The id of the server's process; `None` where the user may not know.
pub(crate) fn run_id(info: &Value) -> Option<String> {
    let text = std::str::from_utf8(reply::bytes(info)?).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("run_id:"))?;
    Some(line.trim().to_owned())
}

/// The slots of a cluster's node, in its own words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Those that it serves.
    pub(crate) slots: SlotSet,
    /// Those of them that are on their way to another node: some keys are here, some are there.
    pub(crate) leaving: SlotSet,
}

impl Holding {
    pub(crate) fn push(commands: &mut Commands) {
        commands.push(Effect::Read, 0, &[b"CLUSTER", b"NODES"]);
    }

    /// Reads the node's own line of `CLUSTER NODES`:
    /// `id address flags primary sent received epoch state slots…`, with `[93->-292f8b…]` for one
    /// that leaves and `[77-<-e7d1ee…]` for one that arrives. `None` where the user may not know.
    pub(crate) fn read(nodes: &Value) -> Option<Self> {
        let text = std::str::from_utf8(reply::bytes(nodes)?).ok()?;
        let is_own = |line: &&str| {
            line.split_ascii_whitespace()
                .nth(2)
                .is_some_and(|flags| flags.split(',').any(|flag| flag == "myself"))
        };
        let own = text.lines().find(is_own)?;
        let mut holding = Self { slots: SlotSet::none(), leaving: SlotSet::none() };
        for word in own.split_ascii_whitespace().skip(8) {
            if let Some(moving) = word.strip_prefix('[') {
                if let Some((slot, _)) = moving.split_once("->-") {
                    holding.leaving.insert(number(slot)?);
                }
            } else {
                let (first, last) = word.split_once('-').unwrap_or((word, word));
                (number(first)?..=number(last)?).for_each(|slot| holding.slots.insert(slot));
            }
        }
        Some(holding)
    }
}

fn number(slot: &str) -> Option<u16> {
    slot.parse().ok().filter(|&slot| slot < slot::SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(text: &str) -> Option<Holding> {
        Holding::read(&Value::BulkString(text.as_bytes().to_vec()))
    }

    #[test]
    fn a_node_tells_its_slots_and_those_on_their_way() {
        let nodes = "aa 127.0.0.1:1@2 master - 0 0 1 connected 0-5460 [1->-bb]\n\
                     bb 127.0.0.1:2@3 myself,master - 0 0 2 connected 5461-9000 9002 [5461->-aa] [7-<-aa]\n";
        let told = holding(nodes).unwrap();
        assert_eq!(Some(told.slots), SlotSet::read("1555-2328+232a"));
        assert_eq!(Some(told.leaving), SlotSet::read("1555"));
    }

    #[test]
    fn a_replica_has_none_and_nonsense_says_nothing() {
        let replica = "aa 127.0.0.1:1@2 myself,slave bb 0 0 1 connected\n";
        assert_eq!(holding(replica).unwrap().slots, SlotSet::none());
        for text in [
            "",
            "aa 127.0.0.1:1@2 master - 0 0 1 connected 0-5460\n",
            "aa h:1@2 myself,master - 0 0 1 connected 0-16384\n",
        ] {
            assert_eq!(holding(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_process_is_known_by_its_id() {
        let info = |text: &str| run_id(&Value::BulkString(text.as_bytes().to_vec()));
        assert_eq!(info("# Server\r\nrun_id:ab12\r\ntcp_port:1\r\n").as_deref(), Some("ab12"));
        assert_eq!(info("# Server\r\n"), None);
    }
}
