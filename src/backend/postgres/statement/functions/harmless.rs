//! What a statement may write before a parenthesis without leaving anything in the session:
//! PostgreSQL's own functions that only compute or look, types, and key words.
//!
//! A name that is missing here costs a reset of the session, and nothing else.

use std::sync::LazyLock;

use crate::backend::WordList;

pub(super) static HARMLESS: LazyLock<WordList> = LazyLock::new(|| WordList::of(&[LIST]));

const LIST: &str = "\
    abbrev abs acldefault aclexplode acos acosd acosh age all amvalidate and any any_value area \
    array array_agg array_dims array_fill array_length array_lower array_ndims array_position \
    array_positions array_remove array_replace array_reverse array_sample array_shuffle \
    array_sort array_to_json array_to_string array_to_tsvector array_upper as ascii asin asind \
    asinh asymmetric atan atan2 atan2d atand atanh avg bernoulli between bit bit_and bit_count \
    bit_length bit_or bit_xor bool bool_and bool_or box bpchar btrim by bytea cardinality case \
    casefold cash_words cast cbrt ceil ceiling center char char_length character \
    character_length chr cidr circle clock_timestamp coalesce col_description collation concat \
    concat_ws conflict convert convert_from convert_to corr cos cosd cosh cot cotd count \
    covar_pop covar_samp crc32 crc32c cross cube cume_dist current_database current_query \
    current_schema current_schemas current_setting current_user currtid2 cycle date date_add \
    date_bin date_part date_subtract date_trunc datemultirange daterange dec decimal decode \
    default degrees dense_rank dexp diagonal diameter distinct div dlog1 dlog10 dround dtrunc \
    else encode end enum_first enum_last enum_range enum_send erf erfc every except exclude \
    exists exp explain extract factorial family filter first first_value float float4 float8 \
    floor format format_type from full gamma gcd gen_random_uuid generate_series \
    generate_subscripts get_bit get_byte get_current_ts_config getdatabaseencoding getpgusername \
    greatest group grouping groups has_any_column_privilege has_column_privilege \
    has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege \
    has_language_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege \
    has_server_privilege has_table_privilege has_tablespace_privilege has_type_privilege having \
    height host hostmask icu_unicode_version ilike in inet inet_client_addr inet_client_port \
    inet_server_addr inet_server_port initcap inner int2 int4 int4inc int4multirange int4range \
    int8 int8_sum int8multirange int8range intersect interval is is_normalized isclosed isempty \
    isfinite ishorizontal isnull isopen isparallel isperp isvertical join json json_agg \
    json_array json_array_elements json_array_elements_text json_array_length json_arrayagg \
    json_build_array json_build_object json_each json_each_text json_exists json_extract_path \
    json_extract_path_text json_object json_object_agg json_object_keys json_objectagg \
    json_populate_record json_populate_recordset json_query json_scalar json_serialize \
    json_strip_nulls json_table json_to_record json_to_recordset json_to_tsvector json_typeof \
    json_value jsonb jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length \
    jsonb_build_array jsonb_build_object jsonb_concat jsonb_each jsonb_each_text \
    jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg \
    jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match \
    jsonb_path_match_tz jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz \
    jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record \
    jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls \
    jsonb_to_record jsonb_to_recordset jsonb_to_tsvector jsonb_typeof justify_days justify_hours \
    justify_interval lag last last_value lastval lateral lcm lead least left length lgamma like \
    like_escape limit line ln lo_get log log10 lower lower_inc lower_inf lpad lseg ltrim macaddr \
    macaddr8 macaddr8_set7bit make_date make_interval make_time make_timestamp make_timestamptz \
    makeaclitem masklen match materialized max md5 min min_scale mod mode money multirange \
    mxid_age name natural nchar netmask network next normalize not notlike notnull now npoints \
    nth_value ntile nullif nulls num_nonnulls num_nulls numeric nummultirange numnode numrange \
    obj_description octet_length of offset oid oidvectortypes on only or order outer over \
    overlaps overlay parse_ident partition path pclose percent_rank percentile_cont \
    percentile_disc pg_available_extension_versions pg_available_extensions pg_backend_pid \
    pg_basetype pg_blocking_pids pg_char_to_encoding pg_client_encoding pg_collation_for \
    pg_collation_is_visible pg_column_compression pg_column_is_updatable pg_column_size \
    pg_conf_load_time pg_config pg_control_checkpoint pg_control_init pg_control_recovery \
    pg_control_system pg_conversion_is_visible pg_current_logfile pg_current_snapshot \
    pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn \
    pg_current_xact_id_if_assigned pg_database_collation_actual_version pg_database_size \
    pg_describe_object pg_encoding_max_length pg_encoding_to_char pg_extension_update_paths \
    pg_filenode_relation pg_function_is_visible pg_get_acl pg_get_backend_memory_contexts \
    pg_get_catalog_foreign_keys pg_get_constraintdef pg_get_expr pg_get_function_arg_default \
    pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result \
    pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef pg_get_keywords \
    pg_get_multixact_members pg_get_object_address pg_get_partition_constraintdef \
    pg_get_partkeydef pg_get_publication_tables pg_get_replica_identity_index \
    pg_get_replication_slots pg_get_ruledef pg_get_serial_sequence pg_get_shmem_allocations \
    pg_get_statisticsobjdef pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions \
    pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_get_wal_replay_pause_state \
    pg_get_wal_resource_managers pg_has_role pg_hba_file_rules pg_ident_file_mappings \
    pg_identify_object pg_identify_object_as_address pg_index_column_has_property \
    pg_index_has_property pg_indexam_has_property pg_indexam_progress_phasename pg_indexes_size \
    pg_input_error_info pg_input_is_valid pg_is_in_recovery pg_is_other_temp_schema \
    pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn \
    pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_listening_channels pg_lock_status \
    pg_lsn pg_mcv_list_items pg_my_temp_schema pg_notification_queue_usage pg_opclass_is_visible \
    pg_operator_is_visible pg_opfamily_is_visible pg_options_to_table pg_partition_ancestors \
    pg_partition_root pg_partition_tree pg_postmaster_start_time pg_relation_filenode \
    pg_relation_filepath pg_relation_is_publishable pg_relation_is_updatable pg_relation_size \
    pg_replication_origin_oid pg_replication_origin_progress \
    pg_replication_origin_session_is_setup pg_replication_origin_session_progress \
    pg_safe_snapshot_blocking_pids pg_sequence_last_value pg_sequence_parameters \
    pg_settings_get_flags pg_show_all_file_settings pg_show_all_settings \
    pg_show_replication_origin_status pg_size_bytes pg_size_pretty pg_sleep pg_sleep_for \
    pg_sleep_until pg_snapshot_xip pg_snapshot_xmax pg_snapshot_xmin pg_stat_clear_snapshot \
    pg_stat_have_stats pg_statistics_obj_is_visible pg_table_is_visible pg_table_size \
    pg_tablespace_databases pg_tablespace_location pg_tablespace_size pg_timezone_abbrevs \
    pg_timezone_names pg_total_relation_size pg_trigger_depth pg_ts_config_is_visible \
    pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible \
    pg_typeof pg_visible_in_snapshot pg_wal_lsn_diff pg_walfile_name pg_walfile_name_offset \
    pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status phraseto_tsquery pi \
    plainto_tsquery point polygon popen position pow power precision querytree quote_ident \
    quote_literal quote_nullable radians radius random random_normal range range_agg \
    range_intersect_agg range_merge rank real recursive regclass regexp_count regexp_instr \
    regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array \
    regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 \
    regr_slope regr_sxx regr_sxy regr_syy repeat repeatable replace returning reverse right \
    rollup round row row_number row_security_active row_to_json rows rpad rtrim \
    satisfies_hash_partition scale search select session_user set set_bit set_byte set_masklen \
    sets setweight sha224 sha256 sha384 sha512 shobj_description sign similar similar_escape \
    similar_to_escape sin sind sinh slope some split_part sqrt starts_with statement_timestamp \
    stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strip strpos substr \
    substring sum symmetric system system_user table tablesample tan tand tanh text textlen then \
    ties time timeofday timestamp timestamptz timetz timezone to to_ascii to_bin to_char to_date \
    to_hex to_json to_jsonb to_number to_oct to_regclass to_regcollation to_regnamespace \
    to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype to_regtypemod \
    to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim trim_array \
    trim_scale trunc ts_debug ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank \
    ts_rank_cd ts_token_type tsmultirange tsquery_phrase tsrange tstzmultirange tstzrange \
    tsvector_to_array txid_current_if_assigned txid_current_snapshot txid_snapshot_xip \
    txid_snapshot_xmax txid_snapshot_xmin txid_status txid_visible_in_snapshot unicode_assigned \
    unicode_version union unistr unnest upper upper_inc upper_inf using uuid \
    uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7 values var_pop var_samp varbit \
    varchar variance varying version websearch_to_tsquery when where width width_bucket window \
    with within without xid xml xml_is_well_formed xml_is_well_formed_content \
    xml_is_well_formed_document xmlagg xmlattributes xmlcomment xmlconcat xmlelement xmlexists \
    xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable xmltext xmlvalidate \
    xpath xpath_exists zone";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::postgres::statement::functions::effects::{Reached, has_effects};

    #[test]
    fn nothing_that_has_effects_is_among_them() {
        for name in HARMLESS.all() {
            assert!(!has_effects(Reached::Called, name), "{name}");
        }
        assert!(HARMLESS.has("count") && HARMLESS.has("in") && !HARMLESS.has("mine"));
    }
}
