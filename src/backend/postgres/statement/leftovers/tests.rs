//! What stays is refused however it is said, and what ends with its transaction passes.

use super::*;

#[test]
fn what_would_stay_on_the_session_of_others_is_refused() {
    for sql in [
        "set search_path = a",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "set role postgres",
        "set session authorization x",
        "/* x */ reset all",
        "listen a",
        "unlisten *",
        "prepare p as select 1",
        "prepare transaction 'x'",
        "deallocate all",
        "discard all",
        "load 'auto_explain'",
        "declare c cursor with hold for select 1",
        "close all",
        "fetch all from c",
        "move c",
        "execute p",
        "create temp table t (a int)",
        "create temporary view v as select 1",
        "create local temporary table t (a int)",
        "create or replace temp view v as select 1",
        "create or replace temporary recursive view v (a) as select 1",
        "create or replace local temp view v as select 1",
        "create temp sequence s",
        "explain analyze create temp table t as select 1",
        "explain (analyze) create global temporary table t as select 1",
        "create table pg_temp.t (a int)",
        "create unlogged table \"pg_temp\" . t (a int)",
        "create table pg_temp_3.t (a int)",
        "create function pg_temp.f() returns int language sql as 'select 1'",
        "create table a.b.c as select pg_temp.f()",
        "import foreign schema x from server y into pg_temp",
        "create extension x schema pg_temp",
        "select 1 as a into temp t",
        "select 1 as a into local temp t",
        "select 1 as a into global temporary t",
        "with a as (select 1) select * into pg_temp.t from a",
        "select pg_advisory_lock(1)",
        "select pg_advisory_unlock_all()",
        "select pg_catalog.\"pg_try_advisory_lock\" (1)",
        "select U&\"pg_advisory_l\\006fck\"(43)",
        "select (1).pg_advisory_lock, $1.\"pg_try_advisory_lock_shared\"",
        "select setseed(0.5)",
        "select set_config('a.b', 'c', false)",
        "select pg_catalog.set_config('a.b', 'c', false), 'x' is true",
        "select set_config('a.b', 'c', false), true",
        "select set_config('a.b', 'c', not true)",
        "select set_config('a.b', 'c', (select true))",
        "update pg_settings set setting = '1MB' where name = 'work_mem'",
        "update only pg_catalog.pg_settings set setting = 1",
        "update postgres . pg_catalog . \"pg_settings\" as s set setting = 1",
        "with x as (update (pg_settings) set setting = 1 returning 1) table x",
        "update U&\"pg!005fsettings\" uescape '!' set setting = 1",
        "SET local.x = 'v'",
        "set /* a */ transaction . x to 'v'",
        "set constraints.x = 'v'",
        "set session local.x = 'v'",
        "select pg_create_physical_replication_slot('t', false, true)",
        "select * from pg_create_logical_replication_slot('t', 'pgoutput', not false, false)",
        "select pg_create_physical_replication_slot(slot_name => 't', \"temporary\" => true)",
        "select pg_create_physical_replication_slot('t', temporary := $1)",
        "select pg_copy_logical_replication_slot('t', 'u', $1)",
        "select pg_start_backup('x', true, false)",
        "select pg_stop_backup(false)",
        "select * from pg_backup_stop()",
        "select query_to_xml('select set_config(''a.b'', ''c'', false)', true, false, '')",
        "select query_to_xmlschema(E'select s\\145t_config(''a.b'', '''', false)', true, false, '')",
        "select query_to_xml('select pg_advi'\n'sory_lock(1)'::text, true, false, '')",
        "select query_to_xml(nulls => true, query => 'select pg_advisory_lock(1)')",
        "select * from ts_stat(U&'select pg_\\0061dvisory_lock(1)')",
        "select ts_rewrite('a', 'select pg_advisory_lock(1)')",
        "select query_to_xml('select ' || 'pg_advisory_lock(1)', true, false, '')",
        "select query_to_xml(t.sql, true, false, '') from t",
        "select query_to_xml($1, true, false, '')",
        "select ts_stat(concat('select pg_advi', 'sory_lock(1)'))",
        "select ('select a from t'::text).ts_stat",
        "select ts_stat('select ts_stat(''select setseed(0)'')')",
        "select * from crosstab('select setseed(0)') as c (a int, b int)",
        "do language plv8 'plv8.execute(1)'",
        "do 'begin end' language 'plperl'",
    ] {
        assert!(of(sql).is_some(), "{sql}");
    }
}

fn octal(char: char) -> String {
    format!("\\{:03o}", u32::from(char))
}

fn unicode(char: char) -> String {
    format!("\\{:04x}", u32::from(char))
}

#[test]
fn what_a_block_would_leave_is_refused_however_it_is_quoted() {
    for body in [
        "perform pg_advisory_lock(44)",
        "set work_mem='79MB'",
        "if true then reset all; end if",
        "perform 1; <<l>> loop set role x; end loop",
        "execute 'listen x'",
        "execute format('set work_mem = %L', '1MB')",
        "execute 'select ' || 'pg_advisory_lock(1)'",
        "execute 'select set_config(''work_mem'', ''1MB'', false)'",
        "create temp table t (a int)",
        "create temp table t (a int); create temp table u (a int) on commit drop",
        "create table pg_temp.t (a int)",
        "execute 'do $i$ begin listen x; end $i$'",
        "execute 'select 1 into temp t'",
        "execute e'\\x73et search_path = evil'",
        "execute E'l\\u0069sten x'",
        "execute 'se'\n't search_path = evil'",
        "execute 'se' || 't search_path = evil'",
        "execute U&'s!0065t search_path = evil' uescape '!'",
        "execute quote_ident('set') || ' search_path = evil'",
        "set local.x = 'v'",
        "set transaction.x = 'v'",
        "if true then set constraints . x = 'v'; end if",
        "perform query_to_xml('select setseed(0)', true, false, '')",
        "perform query_to_xml(v, true, false, '')",
        "perform pg_create_physical_replication_slot('t', false, true)",
    ] {
        let block = format!("begin {body}; end");
        let doubled = block.replace('\'', "''");
        for sql in [
            format!("do $$ {block} $$"),
            format!("DO language plpgsql $body$ {block} $body$"),
            format!("do '{doubled}'"),
            format!("do E'{}'", block.replace('\\', "\\\\").replace('\'', "\\'")),
            format!("do E'{}'", block.chars().map(octal).collect::<String>()),
            format!("do U&'{}'", block.chars().map(unicode).collect::<String>()),
            format!("do '{}'\n'{}'", &doubled[..1], &doubled[1..]),
        ] {
            assert!(of(&sql).is_some(), "{sql}");
        }
    }
}

#[test]
fn what_ends_with_its_transaction_passes() {
    for sql in [
        "select 1",
        "set local work_mem = '1MB'",
        "set constraints all deferred",
        "create table temp (a int)",
        "create table t as select 1 as temporary",
        "create or replace view temp as select 1",
        "insert into temporary_things values (1)",
        "insert into temp (a) values (1)",
        "merge into temp using t on true when matched then delete",
        "create function f() returns int security definer set search_path = a, pg_temp \
         language sql as 'select set_config(''a.b'', ''c'', false)'",
        "create temp table t (a int) on commit drop",
        "update t set a = setting from pg_settings",
        "select pg_advisory_xact_lock(1)",
        "select set_config('a.b', 'c', true)",
        "select set_config('a.b', concat('c', (1)), true) as t",
        "select t.pg_advisory_xact_lock, pg_advisory_lock from t",
        "declare c cursor without hold for select 1",
        "alter role x set search_path = a",
        "update t set a = 1",
        "vacuum t",
        "call p('set work_mem = 1')",
        "do $$ begin perform 1; end $$",
        "do language plpgsql E'begin perform \\'set\\'; end'",
        "do $$ begin end $$ language 'plpgsql'",
        "set local local.x = 'v'",
        "set constraints s.x deferred",
        "select pg_create_physical_replication_slot('t')",
        "select pg_create_logical_replication_slot('t', 'pgoutput', false, true)",
        "select pg_create_logical_replication_slot('t', 'pgoutput', temporary => false)",
        "select query_to_xml('select a from t', true, false, '')",
        "select ts_rewrite('a & b'::tsquery, 'select t, s from aliases')",
        "select * from ts_stat(query => E'select\\nv from t')",
        "select pgr_dijkstra('select * from e', a.id, $1, false) from a",
        "do $$ declare load int; temp int; begin load := 1; select 1 into temp; \
         update t set a = 1; set local work_mem = '1MB'; -- set it
         create temp table u (a int) on commit drop; raise notice 'Set up'; end $$",
        "do $$ declare c cursor for select 1; r int; begin open c; fetch c into r; close c; \
         execute 'insert into t values (1)'; commit; end $$",
    ] {
        assert_eq!(of(sql), None, "{sql}");
    }
}
