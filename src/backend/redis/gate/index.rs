//! Finding a command by its name.
//!
//! The table is hashed when the package is compiled. A look-up is one pass over the name and, nearly
//! always, one comparison; it allocates nothing.

use super::command::Command;
use super::table::FAMILIES;

/// A power of two, large enough that most commands have a place to themselves.
const PLACES: usize = 2048;

/// No command's name is longer.
const MAX_NAME: usize = 32;

static INDEX: [Option<&Command>; PLACES] = build();

/// The command of that name, in whatever case.
pub(super) fn find(name: &[u8]) -> Option<&'static Command> {
    if name.len() > MAX_NAME {
        return None;
    }
    let mut place = hash(name);
    while let Some(command) = INDEX[place] {
        if command.name.as_bytes().eq_ignore_ascii_case(name) {
            return Some(command);
        }
        place = (place + 1) % PLACES;
    }
    None
}

const fn build() -> [Option<&'static Command>; PLACES] {
    let mut index = [None; PLACES];
    let mut family = 0;
    while family < FAMILIES.len() {
        let mut at = 0;
        while at < FAMILIES[family].len() {
            let command = &FAMILIES[family][at];
            let name = command.name.as_bytes();
            assert!(name.len() <= MAX_NAME, "a name is longer than MAX_NAME");
            let mut place = hash(name);
            while index[place].is_some() {
                place = (place + 1) % PLACES;
            }
            index[place] = Some(command);
            at += 1;
        }
        family += 1;
    }
    index
}

/// FNV-1a, blind to case.
const fn hash(name: &[u8]) -> usize {
    let mut hash: u32 = 0x811c_9dc5;
    let mut at = 0;
    while at < name.len() {
        hash = (hash ^ (name[at] | 0x20) as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (hash ^ (hash >> 16)) as usize % PLACES
}
