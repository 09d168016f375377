use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::*;
use crate::crypto::test_keys::{NEW, OLD, ring};

fn place() -> Place<'static> {
    Place {
        table: "database_connections",
        column: "connection_string",
        row: Uuid::from_u128(1),
        project: Uuid::from_u128(2),
    }
}

fn reason(error: &Error) -> &str {
    error.details()["reason"].as_str().unwrap()
}

#[test]
fn opens_a_value_of_an_earlier_release() {
    // Made outside of this crate, from the description above: what is stored must open for as long as the format is `mdb1`.
    let opened = ring(OLD).open(KEPT, &place()).unwrap();
    assert_eq!(opened.expose_secret(), "redis://default:geheim@redis:6379");
}

const KEPT: &str = "mdb1:09dba857:mEV4Jxw2m4MM6uYnzFfayCMBZPVNZkxPTx896DEMLrGVNTVsYePVFhcN1YYzE4OxC8YQ5vzY5ZfwHHOk3g==";

#[test]
fn says_what_to_do_when_the_key_is_missing() {
    let sealed = ring(&format!("jan:{OLD}")).seal("s3cret", &place()).unwrap();
    let error = ring(&format!("feb:{NEW}")).open(&sealed, &place()).unwrap_err();
    assert_eq!(reason(&error), "unknown_key");
    assert!(error.message().contains("`jan`"), "{error}");
    assert!(error.message().contains("DATABASE_ENCRYPTION_KEY"), "{error}");
}

#[test]
fn refuses_another_key_under_the_same_id() {
    let sealed = ring(&format!("a:{OLD}")).seal("s3cret", &place()).unwrap();
    let error = ring(&format!("a:{NEW}")).open(&sealed, &place()).unwrap_err();
    assert_eq!(reason(&error), "not_authentic");
}

#[test]
fn never_takes_other_text_for_a_plaintext() {
    let ring = ring(OLD);
    let legacy = "U2FsdGVkX18DK17d2h1SNXNyrun23zWqaDNioFSs0kA=";
    for text in ["", "redis://u:pw@h:6379", legacy, "mdb1:", "mdb1:a", "mdb1::AAAA", "mdb2:a:AAAA"]
    {
        let error = ring.open(text, &place()).unwrap_err();
        assert_eq!(reason(&error), "not_sealed", "{text}");
        assert!(text.is_empty() || !error.message().contains(text));
        assert!(ring.needs_reseal(text));
        assert!(split(text).is_none());
    }
    let id = ring.ids().next().unwrap();
    for body in ["", "AAAA", "====", "not base64"] {
        let error = ring.open(&format!("mdb1:{id}:{body}"), &place()).unwrap_err();
        assert_eq!(reason(&error), "not_authentic", "{body}");
    }
}

#[test]
fn values_under_an_old_key_open_and_ask_to_be_sealed_again() {
    let bare = ring(OLD);
    let named = ring(&format!("jan:{OLD}"));
    let rotated = ring(&format!("feb:{NEW},jan:{OLD}"));
    for old in [&bare, &named] {
        let sealed = old.seal("s3cret", &place()).unwrap();
        assert!(!old.needs_reseal(&sealed));
        assert!(rotated.needs_reseal(&sealed));

        let opened = rotated.open(&sealed, &place()).unwrap();
        let resealed = rotated.seal(opened.expose_secret(), &place()).unwrap();
        assert!(!rotated.needs_reseal(&resealed));
        assert!(split(&resealed).is_some());
        assert_eq!(rotated.open(&resealed, &place()).unwrap().expose_secret(), "s3cret");
        assert_eq!(reason(&old.open(&resealed, &place()).unwrap_err()), "unknown_key");
    }
}

#[test]
fn does_not_open_in_another_row_column_table_or_project() {
    let ring = ring(OLD);
    let sealed = ring.seal("s3cret", &place()).unwrap();
    for moved in [
        Place { row: Uuid::from_u128(3), ..place() },
        Place { project: Uuid::from_u128(3), ..place() },
        Place { column: "password", ..place() },
        Place { table: "databases", ..place() },
        Place { row: place().project, project: place().row, ..place() },
        Place { table: place().column, column: place().table, ..place() },
        // The same letters, split elsewhere.
        Place { table: "database_connectionsc", column: "onnection_string", ..place() },
    ] {
        let error = ring.open(&sealed, &moved).unwrap_err();
        assert_eq!(reason(&error), "not_authentic", "{moved:?}");
        assert!(!format!("{error:?}").contains("s3cret"));
    }
}

#[test]
fn refuses_every_flipped_bit() {
    // Ids one bit apart that are both in the ring, so that a flip in the id finds a key.
    let ring = ring(&format!("a:{OLD},c:{NEW}"));
    let sealed = ring.seal("postgresql://u:pw@h/d", &place()).unwrap();
    let mut tried = 0;
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            // A value is text; what is no longer UTF-8 cannot even be stored.
            let Ok(text) = String::from_utf8(bytes) else { continue };
            assert!(ring.open(&text, &place()).is_err(), "byte {at}, bit {bit}");
            tried += 1;
        }
    }
    assert_eq!(tried, sealed.len() * 7);
    // And each bit of the bytes beneath.
    let (id, body) = split(&sealed).unwrap();
    let raw = BASE64.decode(body).unwrap();
    for at in 0..raw.len() * 8 {
        let mut bytes = raw.clone();
        bytes[at / 8] ^= 1 << (at % 8);
        assert!(ring.open(&format!("mdb1:{id}:{}", BASE64.encode(bytes)), &place()).is_err());
    }
}

proptest! {
    #[test]
    fn opens_what_it_sealed(plaintext in any::<String>(), row: u128, project: u128) {
        let ring = ring(OLD);
        let place = Place { row: Uuid::from_u128(row), project: Uuid::from_u128(project), ..place() };
        let sealed = ring.seal(&plaintext, &place).unwrap();
        let opened = ring.open(&sealed, &place).unwrap();
        prop_assert_eq!(opened.expose_secret(), &plaintext);
        prop_assert_ne!(ring.seal(&plaintext, &place).unwrap(), sealed, "a nonce is never used twice");
    }

    #[test]
    fn opens_nowhere_else(
        table in "[a-z_]{1,12}", column in "[a-z_]{1,12}", row: u128, project: u128,
    ) {
        let elsewhere = Place {
            table: &table,
            column: &column,
            row: Uuid::from_u128(row),
            project: Uuid::from_u128(project),
        };
        let ring = ring(OLD);
        let sealed = ring.seal("s3cret", &place()).unwrap();
        prop_assert!(ring.open(&sealed, &elsewhere).is_err());
        for mixed in [
            Place { table: &table, ..place() },
            Place { column: &column, ..place() },
            Place { row: elsewhere.row, ..place() },
            Place { project: elsewhere.project, ..place() },
        ] {
            prop_assert!(ring.open(&sealed, &mixed).is_err());
        }
    }

    #[test]
    fn different_places_never_share_their_additional_data(
        a in ("[a-z]{0,6}", "[a-z]{0,6}", "[a-z]{1,6}"),
        b in ("[a-z]{0,6}", "[a-z]{0,6}", "[a-z]{1,6}"),
    ) {
        let aad = |(table, column, id): &(String, String, String)| {
            Place { table, column, ..place() }.aad(id)
        };
        prop_assert_eq!(a == b, aad(&a) == aad(&b));
    }

    #[test]
    fn refuses_any_text_without_panicking(text in any::<String>(), tail in "[A-Za-z0-9+/=]{0,90}") {
        let ring = ring(OLD);
        prop_assert!(ring.open(&text, &place()).is_err());
        let id = ring.ids().next().unwrap();
        let sealed = format!("mdb1:{id}:{tail}");
        prop_assert!(ring.open(&sealed, &place()).is_err());
    }
}
