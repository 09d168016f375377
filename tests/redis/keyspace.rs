//! Listing keys.

use std::collections::BTreeSet;

use studio_multidb::backend::redis::keyspace::scan::Scan;
use studio_multidb::backend::redis::values::NewValue;
use studio_multidb::error::Code;

use crate::fixtures::given;
use crate::support::{batch, connect, everything, matching, prefix, scan, write};

#[tokio::test]
async fn every_key_is_found_page_by_page_with_its_details() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let prefix = prefix();
    for i in 0..250 {
        let key = format!("{prefix}{i}");
        write(&client, key.as_bytes(), NewValue::String(b"v".to_vec())).await.unwrap();
    }
    batch(&client, &[&["EXPIRE", &format!("{prefix}7"), "100"]]).await;
    let mut request = matching(&format!("{prefix}*"));
    let mut found = BTreeSet::new();
    loop {
        let page = scan(&client, &request).await.unwrap();
        for key in page["keys"].as_array().unwrap() {
            assert_eq!(key["type"], "string");
            assert_eq!(key["encoding"], "embstr");
            assert!(key["size"].as_i64().unwrap() > 0);
            let name = key["key"].as_str().unwrap().to_owned();
            let ttl = key["ttl"].as_i64().unwrap();
            assert_eq!(ttl > 0, name == format!("{prefix}7"), "{name}: {ttl}");
            found.insert(name);
        }
        request.cursor = page["cursor"].as_str().unwrap().to_owned();
        if request.cursor == "0" {
            assert_eq!(page["ended_by"], "keyspace");
            break;
        }
    }
    assert_eq!(found.len(), 250);
}

#[tokio::test]
async fn a_pattern_that_names_one_key_does_not_scan() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let key = format!("{}a*b", prefix());
    write(&client, key.as_bytes(), NewValue::String(b"v".to_vec())).await.unwrap();
    let escaped = key.replace('*', "\\*");
    let request = matching(&escaped);
    let page = scan(&client, &request).await.unwrap();
    assert_eq!(page["keys"][0]["key"], key.as_str());
    assert_eq!((&page["total_scanned"], &page["cursor"]), (&1.into(), &"0".into()));
    let mut typed = request.clone();
    typed.filter.type_name = Some("hash".to_owned());
    assert_eq!(scan(&client, &typed).await.unwrap()["keys"].as_array().unwrap().len(), 0);
    let absent = matching(&key.replace('*', ""));
    assert_eq!(scan(&client, &absent).await.unwrap()["keys"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn keys_that_are_no_text_are_listed_as_bytes() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let prefix = prefix();
    let key = [prefix.as_bytes(), &[0xff, 0x00]].concat();
    write(&client, &key, NewValue::List(vec![vec![0xfe]])).await.unwrap();
    let mut request = matching(&format!("{prefix}*"));
    request.filter.type_name = Some("list".to_owned());
    let page = scan(&client, &request).await.unwrap();
    assert!(page["keys"][0]["key"]["$binary"]["base64"].is_string());
    assert_eq!(page["keys"][0]["type"], "list");
}

#[tokio::test]
async fn a_cursor_that_no_page_gave_is_refused() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let request = Scan { cursor: "x".to_owned(), ..everything() };
    assert_eq!(scan(&client, &request).await.unwrap_err().code(), Code::ValidationError);
}
