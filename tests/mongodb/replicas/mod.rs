//! A replica set of three whose primary changes at the worst moment.

mod set;

use serde_json::{Value, json};
use studio_multidb::backend::mongodb::Client;
use studio_multidb::error::Code;

use self::set::{BLOWS, Blow, Set};
use super::api::Api;
use super::fake::{Answer, Fake};
use super::support::parsed;
use super::watch::Reader;
use crate::fixtures::{options, soon};

async fn increment(api: &Api, id: i32) -> (u16, Value) {
    let body = json!({ "update": { "$inc": { "n": 1 } } });
    api.send("PUT", &format!("/documents/{id}?id_type=int"), body).await
}

async fn insert(api: &Api, id: i32) -> (u16, Value) {
    api.send("POST", "/documents", json!({ "document": { "_id": id } })).await
}

async fn update_many(api: &Api, id: i32) -> (u16, Value) {
    let update = json!({ "filter": { "_id": id }, "update": { "$inc": { "n": 1 } } });
    api.send("POST", "/documents/bulk", json!({ "updateMany": update })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_members_are_found_from_any_of_them_and_told_of() {
    for seed in 0..3 {
        let set = Set::of_three().await;
        let api = set.api(seed, "");
        let (status, answer) = insert(&api, 1).await;
        assert_eq!(status, 201, "{answer}");
        assert_eq!(set.asked("insert"), [1, 0, 0]);

        let (_, answer) = api.at("GET", "/server", Value::Null).await;
        let replication = &answer["data"]["replication"];
        assert_eq!(
            (&replication["set"], &replication["state"]),
            (&json!("rs0"), &json!("primary"))
        );
        let addresses = json!(set.shared.lock().addresses);
        assert_eq!(replication["hosts"], addresses);
        let members = replication["members"].as_array().unwrap();
        let told = |name: &str| members.iter().map(|m| m[name].clone()).collect::<Value>();
        assert_eq!(told("host"), addresses);
        assert_eq!(told("state"), json!(["PRIMARY", "SECONDARY", "SECONDARY"]));
        assert_eq!(told("lag_seconds"), json!([null, 2, 2]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_set_of_another_name_is_told_as_such() {
    let set = Set::of_three().await;
    let standalone = Fake::standalone(|_, _| Answer::Done).await;
    for (url, found) in [(set.members[1].url(), "\"rs0\""), (standalone.url(), "no replica set")] {
        let target = parsed(&format!("{url}?replicaSet=other"));
        let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
        assert_eq!(error.code(), Code::DbConnectionFailed, "{error}");
        assert!(
            error.message().contains(found) && error.message().contains("\"other\""),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_read_goes_to_a_member_of_the_kind_that_it_prefers() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    let find = async |preference: &str| {
        let query = format!("count=false{preference}");
        api.ok("GET", &format!("/documents?{query}"), Value::Null).await;
    };
    find("").await;
    find("&readPreference=primary").await;
    find("&readPreference=primaryPreferred").await;
    assert_eq!(set.asked("find"), [3, 0, 0]);
    for _ in 0..20 {
        find("&readPreference=secondary").await;
        find("&readPreference=secondaryPreferred").await;
    }
    let [first, second, third] = set.asked("find");
    assert_eq!((first, second + third), (3, 40));
    let command = &set.members[if second > 0 { 1 } else { 2 }].asked("find")[0];
    let mode = command.get_document("$readPreference").unwrap().get_str("mode").unwrap();
    assert!(mode.starts_with("secondary"), "{mode}");

    // What the connection prefers holds where the request says nothing.
    let api = set.api(0, "&readPreference=secondary");
    let before = set.asked("find")[0];
    assert_eq!(api.get("/documents?count=false").await.0, 200);
    assert_eq!(set.asked("find")[0], before);
    // Writes go to the primary all the same.
    assert_eq!(insert(&api, 1).await.0, 201);
    assert_eq!(update_many(&api, 1).await.0, 200);
    assert_eq!((set.asked("insert"), set.asked("update")), ([1, 0, 0], [1, 0, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_goes_on_without_a_primary_where_it_may() {
    let set = Set::of_three().await;
    let api = set.api(1, "");
    assert_eq!(increment(&api, 1).await.0, 200);
    set.elect(None);
    let (status, answer) = increment(&api, 1).await;
    assert_eq!((status, &answer["error"]["outcome"]), (503, &json!("not_applied")), "{answer}");
    let query = "count=false&readPreference=primaryPreferred";
    api.ok("GET", &format!("/documents?{query}"), Value::Null).await;
    set.elect(Some(2));
    let (status, answer) = increment(&api, 1).await;
    assert_eq!((status, set.counter(1)), (200, Some(2)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_to_the_primary_of_before_is_made_once_by_the_new_one() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    assert_eq!(increment(&api, 1).await.0, 200);
    set.elect(Some(1));
    // Nobody has told the client yet.
    let (status, answer) = increment(&api, 1).await;
    assert_eq!((status, set.counter(1)), (200, Some(2)), "{answer}");
    assert_eq!(set.asked("findAndModify"), [2, 1, 0]);
    set.elect(Some(2));
    let (status, answer) = insert(&api, 5).await;
    assert_eq!((status, set.counter(5)), (201, Some(1)), "{answer}");
    assert_eq!(set.asked("insert"), [0, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_during_a_failover_is_made_once_whatever_befalls_it() {
    for blow in BLOWS {
        let set = Set::of_three().await;
        let api = set.api(0, "");
        assert_eq!(increment(&api, 1).await.0, 200);
        for (id, member) in [(1, 0), (2, 1)] {
            let before = set.counter(id).unwrap_or(0);
            set.shared.lock().blow = Some(blow);
            let (status, answer) = increment(&api, id).await;
            assert_eq!(status, 200, "{blow:?}: {answer}");
            assert_eq!(set.counter(id), Some(before + 1), "{blow:?} at {member}");
        }
        set.shared.lock().blow = Some(blow);
        let (status, answer) = insert(&api, 3).await;
        assert_eq!((status, set.counter(3)), (201, Some(1)), "{blow:?}: {answer}");
        assert_eq!(set.asked("insert"), [1, 0, 1], "{blow:?}");
    }
}

/// Without retries, and for writes to many documents, which servers don't know again.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_not_sent_again_is_told_as_what_is_known_of_it() {
    for blow in BLOWS {
        let set = Set::of_three().await;
        let api = set.api(0, "&retryWrites=false");
        assert_eq!(increment(&api, 1).await.0, 200);
        set.shared.lock().blow = Some(blow);
        let (status, answer) = increment(&api, 1).await;
        assert_eq!((status, &answer["error"]["outcome"]), (503, &json!("unknown")), "{blow:?}");
        assert_eq!(set.asked("findAndModify"), [2, 0, 0], "{blow:?}: sent once");
        let made = matches!(blow, Blow::AnswerLost);
        assert_eq!(set.counter(1), Some(1 + i32::from(made)));
        let (status, answer) = increment(&api, 1).await;
        assert_eq!(status, 200, "{blow:?}: {answer}");

        let set = Set::of_three().await;
        let api = set.api(0, "");
        assert_eq!(update_many(&api, 1).await.0, 200);
        set.shared.lock().blow = Some(blow);
        let (status, answer) = update_many(&api, 1).await;
        assert_eq!((status, &answer["error"]["outcome"]), (503, &json!("unknown")), "{blow:?}");
        assert_eq!(answer["error"]["details"]["unknown_indexes"], json!([0]));
        assert_eq!(set.asked("update"), [2, 0, 0], "{blow:?}: sent once");
        assert_eq!(update_many(&api, 1).await.0, 200);
    }
}

/// Cut off from the others, it does not know yet that they have another.
#[tokio::test(flavor = "multi_thread")]
async fn who_still_takes_itself_for_the_primary_is_not_written_to() {
    let set = Set::of_three().await;
    set.elect(Some(1));
    set.shared.lock().stale = Some(0);
    let api = set.api(1, "");
    for id in 0..5 {
        assert_eq!(insert(&api, id).await.0, 201);
    }
    assert_eq!(set.asked("insert"), [0, 5, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_dies_is_done_without() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    assert_eq!(increment(&api, 1).await.0, 200);
    set.members[0].dies();
    set.elect(Some(2));
    let (status, answer) = increment(&api, 1).await;
    assert_eq!((status, set.counter(1)), (200, Some(2)), "{answer}");
    let query = "count=false&readPreference=secondary";
    assert_eq!(api.get(&format!("/documents?{query}")).await.0, 200);
    assert_eq!(set.asked("find"), [0, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_was_given_up_is_ended_on_the_member_that_works_on_it() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    set.shared.lock().stuck = true;
    let find = api.get("/documents?count=false&readPreference=secondary");
    let arrived = async {
        while set.asked("find") == [0; 3] {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = find => panic!("it was answered"),
        () = arrived => {}
    }
    let at = set.asked("find").iter().position(|&times| times > 0).unwrap();
    set.members[at].expect("killOp").await;
    for other in (0..3).filter(|&other| other != at) {
        assert!(set.members[other].asked("killOp").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_stream_follows_the_primary_and_tells_every_change_once() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    let mut reader = Reader::of(&api, "").await;
    reader.next_of("progress").await;
    let mut disconnected = 0;
    for round in 1..=4_i32 {
        set.shared.lock().changes += 5;
        // Some were read, and some were not, when another takes over.
        set.elect(usize::try_from(round % 3).ok());
        for at in 5 * round - 4..=5 * round {
            let message = loop {
                let message = reader.next().await.unwrap();
                match message["type"].as_str().unwrap() {
                    "disconnected" => disconnected += 1,
                    "change" => break message,
                    _ => {}
                }
            };
            assert_eq!(message["change"]["documentKey"]["_id"], at);
        }
    }
    assert!(disconnected > 0 && set.asked("aggregate").iter().all(|&times| times > 0));
}
