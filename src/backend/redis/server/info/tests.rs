use serde_json::{Value as Json, json};

use super::*;
use crate::backend::redis::servers::NodeRole;
use crate::error::{Code, Error};

const PRIMARY: &str = "# Server\r\nredis_version:7.2.4\r\nredis_mode:cluster\r\n\
    uptime_in_seconds:50\r\n# Memory\r\nused_memory:1024\r\nused_memory_rss:2048\r\n\
    maxmemory:0\r\nmaxmemory_policy:allkeys-lfu\r\n# Stats\r\nkeyspace_hits:3\r\n\
    keyspace_misses:1\r\ntotal_net_input_bytes:9007199254740992\r\n# Persistence\r\n\
    rdb_last_save_time:200\r\naof_enabled:1\r\n# Replication\r\nrole:master\r\n\
    connected_slaves:1\r\nmaster_repl_offset:100\r\n\
    slave0:ip=10.0.0.2,port=6379,state=online,offset=90,lag=1\r\n# Commandstats\r\n\
    cmdstat_get:calls=2,usec=10,usec_per_call=5.00,rejected_calls=0,failed_calls=1\r\n\
    cmdstat_config|get:calls=9,usec=9,usec_per_call=1.00\r\n# Latencystats\r\n\
    latency_percentiles_usec_get:p50=1.003,p99.9=6.015\r\n# Errorstats\r\n\
    errorstat_ERR:count=12\r\n# Keyspace\r\ndb10:keys=1,expires=0,avg_ttl=0\r\n\
    db0:keys=3,expires=1,avg_ttl=500,subexpiry=0\r\n";

const REPLICA: &str = "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\n\
    master_port:6379\r\nmaster_link_status:up\r\nslave_repl_offset:90\r\nslave_read_only:1\r\n";

fn parse(text: &str) -> Sections {
    typed(Text::parse(text))
}

fn json(info: &impl Serialize) -> Json {
    serde_json::to_value(info).unwrap()
}

#[test]
fn sections_are_typed_and_the_text_is_kept() {
    let info = json(&parse(PRIMARY));
    assert_eq!(info["server"]["version"], "7.2.4");
    assert_eq!(info["memory"]["used_memory_human"], "1.00K");
    assert_eq!(info["memory"]["fragmentation_ratio"], 2.0);
    assert_eq!(info["stats"]["hit_rate"], 0.75);
    assert_eq!(info["persistence"]["aof_enabled"], true);
    let long = json!({ "$numberLong": "9007199254740992" });
    assert_eq!(info["stats"]["total_net_input_bytes"], long);
    assert_eq!(info["raw"]["stats"]["keyspace_hits"], "3");
    // What this server doesn't tell is not made up.
    assert_eq!(info["memory"]["used_memory_peak"], Json::Null);
}

#[test]
fn a_primary_names_its_replicas_and_how_far_they_are_behind() {
    let replication = json(&parse(PRIMARY))["replication"].take();
    let replica = json!({
        "host": "10.0.0.2", "port": 6379, "state": "online", "offset": 90, "lag_seconds": 1,
        "lag_bytes": 10,
    });
    assert_eq!(replication["replicas"], json!([replica]));
    assert_eq!(replication["master"], Json::Null);
}

#[test]
fn a_replica_names_its_primary() {
    let replication = json(&parse(REPLICA))["replication"].take();
    assert_eq!(replication["role"], "slave");
    assert_eq!(replication["master"]["host"], "10.0.0.1");
    assert_eq!(replication["master"]["read_only"], true);
}

#[test]
fn commands_are_told_with_their_percentiles_the_most_used_first() {
    let info = json(&parse(PRIMARY));
    assert_eq!(info["commands"][0]["command"], "config|get");
    assert_eq!(info["commands"][0]["failed_calls"], Json::Null);
    assert_eq!(info["commands"][1]["percentiles_usec"]["p99.9"], 6.015);
    assert_eq!(info["errors"], json!([{ "code": "ERR", "count": 12 }]));
}

#[test]
fn databases_are_in_the_order_of_their_numbers() {
    let keyspace = json(&parse(PRIMARY))["keyspace"].take();
    assert_eq!((&keyspace[0]["db"], &keyspace[1]["db"]), (&json!(0), &json!(10)));
    assert_eq!(keyspace[0]["avg_ttl_ms"], 500);
}

#[test]
fn the_hit_rate_is_null_before_the_first_look_up() {
    let info = json(&parse("# Stats\r\nkeyspace_hits:0\r\nkeyspace_misses:0\r\n"));
    assert!(info["stats"]["hit_rate"].is_null());
}

fn name(id: &str, role: NodeRole) -> NodeName {
    NodeName { id: id.to_owned(), host: "h".to_owned(), port: 1, role, primary: None }
}

#[test]
fn a_cluster_is_the_sum_of_its_primaries() {
    let names =
        vec![name("a", NodeRole::Master), name("b", NodeRole::Master), name("c", NodeRole::Slave)];
    let answers = vec![Ok(parse(PRIMARY)), Ok(parse(PRIMARY)), Ok(parse(REPLICA))];
    let mut warnings = Warnings::default();
    let (sections, nodes) = together(names, answers, &mut warnings).unwrap();
    let info = json(&Info { sections, nodes, warnings });
    assert_eq!(info["memory"]["used_memory"], 2048);
    assert_eq!(info["memory"]["used_memory_human"], "2.00K");
    assert_eq!(info["stats"]["hit_rate"], 0.75);
    assert_eq!(info["persistence"]["rdb_last_save_time"], 200);
    assert_eq!(info["replication"]["replicas"].as_array().unwrap().len(), 2);
    assert_eq!(info["keyspace"][0]["keys"], 6);
    assert_eq!(info["keyspace"][0]["avg_ttl_ms"], 500);
    assert_eq!(info["commands"][1]["calls"], 4);
    assert_eq!(info["commands"][1]["usec_per_call"], 5.0);
    assert_eq!(info["errors"][0]["count"], 24);
    assert_eq!(info["nodes"][2]["role"], "slave");
    let sum = json!({ "$numberLong": "18014398509481984" });
    assert_eq!(info["stats"]["total_net_input_bytes"], sum);
}

#[test]
fn a_node_that_is_gone_does_not_hide_the_others() {
    let gone = || Err(Error::new(Code::DbConnectionFailed, "gone"));
    let names = vec![name("a", NodeRole::Master), name("b", NodeRole::Slave)];
    let mut warnings = Warnings::default();
    let info = together(names.clone(), vec![Ok(parse(PRIMARY)), gone()], &mut warnings);
    let nodes = json(&info.unwrap().1);
    assert_eq!(nodes[1]["error"]["code"], "DB_CONNECTION_FAILED");
    assert_eq!(serde_json::to_value(&warnings).unwrap()[0]["field"], "nodes");
    assert!(together(names, vec![gone(), gone()], &mut warnings).is_err());
}

#[test]
fn bytes_are_written_as_redis_writes_them() {
    assert_eq!([0, 1023, 1536, 3 << 30].map(human), ["0B", "1023B", "1.50K", "3.00G"]);
}
