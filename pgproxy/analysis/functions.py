"""The built-in functions a masked role may call: nothing read, nothing kept, nothing awaited.

A positive list, by name in pg_catalog: what is printed is ``pg_catalog.name``, so no function of
the same name elsewhere can take its place.  Security rests on it; each group says why it is on it.
Not on it, on purpose: what runs text as SQL (query_to_xml …), reads files, large objects or other
sessions, keeps state (set_config, nextval, advisory locks, setseed, lo_*), waits (pg_sleep), or
shows statements.
"""


def _words(text: str) -> list[str]:
    return text.split()


# Depend on their arguments only; a masked value is never one of them: those are cut first.
TEXT = """
ascii bit_length btrim char_length character_length chr concat concat_ws initcap left length
lower lpad ltrim md5 normalize is_normalized octet_length overlay position quote_ident
quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches
regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse
right rpad rtrim split_part starts_with string_to_array string_to_table strpos substr substring
like_escape similar_to_escape to_ascii to_hex translate upper encode decode sha224 sha256 sha384
sha512 format textcat casefold gen_random_uuid pg_size_pretty
"""

NUMBERS = """
abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees div exp factorial floor gcd lcm ln
log log10 min_scale mod pi power radians random round scale sign sin sqrt tan trim_scale trunc
width_bucket to_number to_char
"""

# now() and its kin are fixed within a transaction and know nothing of any table.
TIME = """
age clock_timestamp date_bin date_part date_trunc extract isfinite justify_days justify_hours
justify_interval make_date make_interval make_time make_timestamp make_timestamptz now
statement_timestamp timeofday timezone to_date to_timestamp transaction_timestamp overlaps
date_add date_subtract
"""

STRUCTURES = """
array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position
array_positions array_prepend array_remove array_replace array_to_string array_upper cardinality
trim_array unnest json_array_length json_build_array json_build_object json_extract_path
json_extract_path_text json_object json_strip_nulls json_typeof jsonb_array_length
jsonb_build_array jsonb_build_object jsonb_extract_path jsonb_extract_path_text jsonb_object
jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_path_exists jsonb_path_query_first
jsonb_path_query_array jsonb_array_elements jsonb_array_elements_text json_array_elements
json_array_elements_text jsonb_object_keys json_object_keys jsonb_typeof to_json to_jsonb
row_to_json array_to_json isempty lower_inc lower_inf upper_inc upper_inf host masklen netmask
network family hostmask num_nonnulls num_nulls generate_series generate_subscripts
"""

# Aggregates: a function of the rows of their group; ordered-set ones included.
AGGREGATES = """
array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every
json_agg json_object_agg jsonb_agg jsonb_object_agg max min mode percentile_cont percentile_disc
regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance any_value
"""

WINDOW = """
cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank
row_number
"""

# What clients ask about the session and the catalog: constants of the login, or names of objects.
# pg_advisory_unlock_all: nothing is held, as taking a lock is refused; pools call it to reset.
SESSION = """
pg_advisory_unlock_all current_database current_schema current_schemas current_setting version
pg_backend_pid pg_is_in_recovery txid_current_if_assigned pg_postmaster_start_time
pg_client_encoding inet_server_port
"""

CATALOG = """
col_description format_type has_any_column_privilege has_column_privilege has_database_privilege
has_function_privilege has_schema_privilege has_sequence_privilege has_table_privilege
obj_description shobj_description pg_encoding_to_char pg_function_is_visible pg_get_userbyid
pg_has_role pg_operator_is_visible pg_table_is_visible pg_type_is_visible to_regclass
to_regnamespace to_regproc to_regrole to_regtype pg_char_to_encoding pg_collation_is_visible
pg_relation_is_publishable pg_get_constraintdef pg_get_indexdef pg_get_partkeydef
pg_get_function_result pg_get_function_arguments pg_get_function_identity_arguments
pg_get_keywords
"""

PURE = frozenset(
    _words(" ".join((TEXT, NUMBERS, TIME, STRUCTURES, AGGREGATES, WINDOW, SESSION, CATALOG)))
)

# Of information_schema: what drivers that read catalogs call.
INFORMATION_SCHEMA = frozenset(
    _words(
        """
        _pg_expandarray _pg_char_max_length _pg_char_octet_length _pg_numeric_precision
        _pg_numeric_precision_radix _pg_numeric_scale _pg_datetime_precision _pg_interval_type
        _pg_truetypid _pg_truetypmod _pg_index_position
        """
    )
)

# Their result depends on the order in which rows come, beyond any ORDER BY of their own.
ORDERED_AGGREGATES = frozenset(
    _words("array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg")
)
ORDERED_WINDOW = frozenset(
    [*_words("row_number ntile lag lead first_value last_value nth_value"), *ORDERED_AGGREGATES]
)

# Functions that may stand in FROM, all of one column.
ROWS = frozenset(
    _words(
        """
        generate_series generate_subscripts unnest regexp_split_to_table string_to_table
        regexp_matches jsonb_array_elements jsonb_array_elements_text json_array_elements
        json_array_elements_text jsonb_object_keys json_object_keys
        """
    )
)
