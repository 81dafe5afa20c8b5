"""The built-in functions a masked role may call: nothing read, nothing kept, nothing awaited.

A positive list, by name in pg_catalog: what is printed is ``pg_catalog.name``, so no function of
the same name elsewhere can take its place.  Security rests on it; each group says why it is on it,
and went through pg_proc of PostgreSQL 18 overload by overload (tests/analysis/test_functions.py
holds the list against the server).  A masked value is never an argument: it is cut first.

Not on it, on purpose: what runs text as SQL (query_to_xml and its kin, ts_stat, ts_rewrite, whose
other form does, cursor_to_xml); what reads files, WAL, memory, large objects or statements of
others (pg_read_file, pg_ls_*, lo_*, current_query, pg_stat_get_backend_activity, pg_cursor,
pg_prepared_statement, pg_mcv_list_items); what keeps state that can be read back (setval, nextval,
currval, lastval, setseed, pg_advisory_*, pg_notify, pg_logical_emit_message, pg_export_snapshot,
set_config of anything but a constant); what waits or acts (pg_sleep*, pg_terminate_backend,
pg_reload_conf, pg_stat_reset*, pg_clear_*, pg_restore_*, binary_upgrade_*); what can run a check of
a domain by its name (pg_input_is_valid); the functions behind operators, casts, aggregates, index
and table access methods, which nobody calls by name.
"""

from pgproxy.analysis.names import words

# Depend on their arguments only.
TEXT = words(
    """
    ascii bit_length btrim char_length character_length chr concat concat_ws initcap left length
    lower lpad ltrim md5 normalize is_normalized octet_length overlay parse_ident position
    quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match
    regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat
    replace reverse right rpad rtrim split_part starts_with string_to_array string_to_table strpos
    substr substring like_escape similar_to_escape similar_escape to_ascii to_bin to_hex to_oct
    translate upper encode decode sha224 sha256 sha384 sha512 crc32 crc32c format textcat casefold
    unistr unicode_assigned pg_size_pretty pg_size_bytes convert convert_from convert_to like
    notlike hashtext hashtextextended
    """
)

NUMBERS = words(
    """
    abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd
    cosh cot cotd degrees div erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10
    min_scale mod pi pow power radians round scale sign sin sind sinh sqrt tan tand tanh trim_scale
    trunc width_bucket to_number to_char bit_count get_bit get_byte set_bit set_byte
    """
)

# Other results each time, whatever is stored.
CHANCE = words("random random_normal gen_random_uuid uuidv4 uuidv7 array_sample array_shuffle")

# now() and its kin are fixed within a transaction and know nothing of any table.
TIME = words(
    """
    age clock_timestamp date_bin date_part date_trunc extract isfinite justify_days justify_hours
    justify_interval make_date make_interval make_time make_timestamp make_timestamptz mxid_age now
    statement_timestamp timeofday timezone to_date to_timestamp transaction_timestamp overlaps
    date_add date_subtract uuid_extract_timestamp uuid_extract_version
    """
)

# Casts in the form of calls: text(x), date(x).
CASTS = words(
    """
    bit bool bpchar bytea char date float4 float8 int2 int4 int8 interval money name numeric oid
    regclass text time timestamp timestamptz timetz varbit varchar xid xml
    """
)

STRUCTURES = words(
    """
    array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position
    array_positions array_prepend array_remove array_replace array_reverse array_sort
    array_to_string array_upper cardinality trim_array unnest json_array_element
    json_array_element_text
    json_array_length json_build_array json_build_object json_extract_path json_extract_path_text
    json_object json_object_field json_object_field_text json_strip_nulls json_typeof
    jsonb_array_element jsonb_array_element_text jsonb_array_length jsonb_build_array
    jsonb_build_object jsonb_concat jsonb_contained jsonb_contains jsonb_delete jsonb_delete_path
    jsonb_exists jsonb_exists_all jsonb_exists_any jsonb_extract_path jsonb_extract_path_text
    jsonb_insert jsonb_object jsonb_object_field jsonb_object_field_text jsonb_pretty jsonb_set
    jsonb_set_lax jsonb_strip_nulls jsonb_path_exists jsonb_path_exists_tz jsonb_path_match
    jsonb_path_match_tz jsonb_path_query jsonb_path_query_tz jsonb_path_query_first
    jsonb_path_query_first_tz jsonb_path_query_array jsonb_path_query_array_tz jsonb_array_elements
    jsonb_array_elements_text json_array_elements json_array_elements_text json_each json_each_text
    jsonb_each jsonb_each_text jsonb_object_keys json_object_keys jsonb_typeof to_json to_jsonb
    row_to_json array_to_json json_to_record json_to_recordset jsonb_to_record jsonb_to_recordset
    json_populate_record json_populate_recordset jsonb_populate_record jsonb_populate_recordset
    jsonb_populate_record_valid num_nonnulls num_nulls generate_series generate_subscripts
    enum_first enum_last enum_range oidvectortypes array_to_tsvector
    """
)

RANGES = words(
    """
    isempty lower_inc lower_inf upper_inc upper_inf range_merge multirange int4range int8range
    numrange tsrange tstzrange daterange int4multirange int8multirange nummultirange tsmultirange
    tstzmultirange datemultirange
    """
)

NETWORK = words(
    """
    abbrev broadcast cidr host hostmask inet_merge inet_same_family masklen netmask network family
    set_masklen macaddr8_set7bit
    """
)

GEOMETRY = words(
    """
    area bound_box box center circle diagonal diameter height isclosed ishorizontal isopen
    isparallel isperp isvertical line lseg npoints path pclose point polygon popen radius slope
    width
    """
)

# Text search: configurations and dictionaries are code in C with files of the server's owner.
SEARCH = words(
    """
    get_current_ts_config json_to_tsvector jsonb_to_tsvector numnode phraseto_tsquery
    plainto_tsquery querytree setweight strip to_tsquery to_tsvector ts_delete ts_filter ts_headline
    ts_lexize ts_parse ts_rank ts_rank_cd ts_token_type tsquery_phrase tsvector_to_array
    websearch_to_tsquery
    """
)

XML = words(
    """
    xmlcomment xmlexists xmltext xml_is_well_formed xml_is_well_formed_content
    xml_is_well_formed_document xpath xpath_exists
    """
)

# Aggregates: a function of the rows of their group; ordered-set ones included.
AGGREGATES = words(
    """
    array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every
    json_agg json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique
    json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg
    jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict max min mode
    percentile_cont percentile_disc range_agg range_intersect_agg regr_avgx regr_avgy regr_count
    regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp
    string_agg sum var_pop var_samp variance any_value xmlagg
    """
)

WINDOW = words(
    """
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank
    row_number
    """
)

# What clients ask about the session and the server: constants of the login, names, clocks.
# pg_advisory_unlock_all: nothing is held, as taking a lock is refused; pools call it to reset.
SESSION = words(
    """
    pg_advisory_unlock_all current_database current_schema current_schemas current_setting
    current_user session_user getpgusername version pg_backend_pid pg_is_in_recovery
    txid_current txid_current_if_assigned txid_current_snapshot txid_snapshot_xmax
    txid_snapshot_xmin txid_snapshot_xip pg_current_snapshot pg_current_xact_id
    pg_current_xact_id_if_assigned pg_snapshot_xmax pg_snapshot_xmin pg_snapshot_xip
    pg_postmaster_start_time pg_conf_load_time pg_client_encoding getdatabaseencoding
    inet_client_addr inet_client_port inet_server_addr inet_server_port pg_jit_available
    pg_trigger_depth pg_my_temp_schema pg_is_other_temp_schema pg_listening_channels
    pg_blocking_pids pg_safe_snapshot_blocking_pids pg_last_wal_receive_lsn pg_last_wal_replay_lsn
    pg_last_xact_replay_timestamp pg_current_wal_lsn pg_current_wal_insert_lsn
    pg_current_wal_flush_lsn pg_wal_lsn_diff pg_is_wal_replay_paused pg_show_all_settings
    pg_settings_get_flags pg_stat_get_snapshot_timestamp icu_unicode_version unicode_version
    """
)

# What clients ask about objects: names, privileges, sizes, and the text their owners wrote.
CATALOG = words(
    """
    aclexplode acldefault makeaclitem col_description format_type has_any_column_privilege
    has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege
    has_function_privilege has_language_privilege has_largeobject_privilege has_parameter_privilege
    has_schema_privilege has_sequence_privilege has_server_privilege has_table_privilege
    has_tablespace_privilege has_type_privilege obj_description shobj_description
    pg_encoding_to_char pg_char_to_encoding pg_encoding_max_length pg_get_userbyid pg_has_role
    pg_collation_is_visible pg_conversion_is_visible pg_function_is_visible pg_opclass_is_visible
    pg_operator_is_visible pg_opfamily_is_visible pg_statistics_obj_is_visible pg_table_is_visible
    pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible
    pg_type_is_visible to_regclass to_regcollation to_regnamespace to_regoper to_regoperator
    to_regproc to_regprocedure to_regrole to_regtype to_regtypemod pg_relation_is_publishable
    pg_relation_is_updatable pg_column_is_updatable pg_get_acl pg_get_constraintdef pg_get_expr
    pg_get_function_arg_default pg_get_function_arguments pg_get_function_identity_arguments
    pg_get_function_result pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef
    pg_get_keywords pg_get_object_address pg_get_partkeydef pg_get_publication_tables
    pg_get_replica_identity_index pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef
    pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions pg_get_triggerdef
    pg_get_viewdef pg_describe_object pg_identify_object pg_identify_object_as_address
    pg_index_column_has_property pg_index_has_property pg_indexam_has_property pg_options_to_table
    pg_partition_ancestors pg_partition_root pg_partition_tree pg_sequence_parameters pg_typeof
    pg_basetype pg_collation_for pg_column_compression pg_column_size pg_collation_actual_version
    pg_database_collation_actual_version pg_database_size pg_indexes_size pg_relation_size
    pg_relation_filenode pg_table_size pg_tablespace_databases pg_tablespace_location
    pg_tablespace_size pg_total_relation_size pg_available_extensions
    pg_available_extension_versions pg_extension_update_paths pg_timezone_abbrevs_abbrevs
    pg_timezone_abbrevs_zone pg_timezone_abbrevs pg_timezone_names row_security_active
    """
)

# Counters of whole relations, as pg_stat_user_tables has them; not those of the own transaction.
COUNTERS = words(
    """
    pg_stat_get_blocks_fetched pg_stat_get_blocks_hit pg_stat_get_dead_tuples
    pg_stat_get_last_analyze_time pg_stat_get_last_autoanalyze_time
    pg_stat_get_last_autovacuum_time pg_stat_get_last_vacuum_time pg_stat_get_live_tuples
    pg_stat_get_mod_since_analyze pg_stat_get_numscans pg_stat_get_tuples_deleted
    pg_stat_get_tuples_fetched pg_stat_get_tuples_hot_updated pg_stat_get_tuples_inserted
    pg_stat_get_tuples_returned pg_stat_get_tuples_updated
    """
)

# These tell where the bounds of a partition lie: only where its key is shown.
OF_BOUNDS = words("pg_get_partition_constraintdef")

# What a sequence has come to: in FROM only, and only where what it feeds is shown.
OF_SEQUENCES = words("pg_get_sequence_data")

PURE = frozenset().union(
    TEXT, NUMBERS, CHANCE, TIME, CASTS, STRUCTURES, RANGES, NETWORK, GEOMETRY, SEARCH, XML,
    AGGREGATES, WINDOW, SESSION, CATALOG, COUNTERS, OF_BOUNDS,
)  # fmt: skip

# Of information_schema: what drivers that read catalogs call.
INFORMATION_SCHEMA = words(
    """
    _pg_expandarray _pg_char_max_length _pg_char_octet_length _pg_numeric_precision
    _pg_numeric_precision_radix _pg_numeric_scale _pg_datetime_precision _pg_interval_type
    _pg_truetypid _pg_truetypmod _pg_index_position
    """
)

# Their result depends on the order in which rows come, beyond any ORDER BY of their own.
ORDERED_AGGREGATES = words(
    """
    array_agg string_agg xmlagg json_agg json_agg_strict jsonb_agg jsonb_agg_strict json_object_agg
    json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_object_agg
    jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict any_value
    """
)
ORDERED_WINDOW = (
    words("row_number ntile lag lead first_value last_value nth_value") | ORDERED_AGGREGATES
)

# Functions that return any number of rows.
ROWS = words(
    """
    aclexplode generate_series generate_subscripts unnest regexp_split_to_table string_to_table
    regexp_matches jsonb_array_elements jsonb_array_elements_text json_array_elements
    json_array_elements_text jsonb_object_keys json_object_keys json_each json_each_text jsonb_each
    jsonb_each_text jsonb_path_query jsonb_path_query_tz json_to_recordset jsonb_to_recordset
    json_populate_recordset jsonb_populate_recordset ts_parse ts_token_type pg_listening_channels
    pg_get_keywords pg_get_publication_tables pg_options_to_table pg_partition_ancestors
    pg_partition_tree pg_tablespace_databases pg_available_extensions
    pg_available_extension_versions pg_extension_update_paths pg_timezone_abbrevs_abbrevs
    pg_timezone_abbrevs_zone pg_timezone_abbrevs pg_timezone_names pg_show_all_settings
    pg_snapshot_xip txid_snapshot_xip _pg_expandarray
    """
)
# Their columns are those of the type of their first argument.
POPULATES = words(
    """
    json_populate_record json_populate_recordset jsonb_populate_record jsonb_populate_recordset
    """
)
# Their columns are what the statement says they are.
DEFINED = words("json_to_record json_to_recordset jsonb_to_record jsonb_to_recordset")
