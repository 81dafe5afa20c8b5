"""The relations of pg_catalog and information_schema: which of them a masked role may read.

Security rests on it.  What describes objects is shown as it is: names, types, privileges, and the
text that the schema's owner wrote (defaults, checks, views, functions), which every client needs.
What is taken from rows (statistics, bounds of partitions, the value of a column added with a
default) is shown where it belongs to a relation without masked columns; other people's statements
are never.  A relation that stands nowhere here is refused.
"""

from pgproxy.analysis.names import words

SHOWN = words(
    """
    pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_auth_members pg_available_extensions
    pg_available_extension_versions pg_cast pg_class pg_collation pg_constraint pg_conversion
    pg_database pg_default_acl pg_depend pg_description pg_enum pg_event_trigger pg_extension
    pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_index pg_indexes pg_inherits
    pg_init_privs pg_language pg_matviews pg_namespace pg_opclass pg_operator pg_opfamily
    pg_parameter_acl pg_partitioned_table pg_policies pg_policy pg_proc pg_publication
    pg_publication_namespace pg_publication_rel pg_publication_tables pg_range pg_rewrite pg_roles
    pg_rules pg_seclabel pg_seclabels pg_sequence pg_sequences pg_settings pg_shdepend
    pg_shdescription pg_shseclabel pg_statistic_ext pg_tables pg_tablespace pg_timezone_abbrevs
    pg_timezone_names pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict
    pg_ts_parser pg_ts_template pg_type pg_user pg_group pg_views pg_db_role_setting
    """
)

# Columns that are NULL for a masked role, whoever asks.
NULLED: dict[str, frozenset[str]] = {
    "pg_stat_activity": words("query"),
    "pg_prepared_statements": words("statement"),
    "pg_cursors": words("statement"),
    "pg_foreign_server": words("srvoptions"),
    "pg_foreign_table": words("ftoptions"),
}

# Columns that show only in rows which belong to a relation without masked columns; the key is an
# expression over such a row, called ``t``, that gives the OID of the relation.
_OF_TABLE = """(
    SELECT c.oid FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE n.nspname OPERATOR(pg_catalog.=) t.schemaname
      AND c.relname OPERATOR(pg_catalog.=) t.tablename)"""
BY_RELATION: dict[str, tuple[str, frozenset[str]]] = {
    "pg_attribute": ("t.attrelid", words("attmissingval")),
    "pg_stats": (
        _OF_TABLE,
        words(
            """
            null_frac avg_width n_distinct most_common_vals most_common_freqs histogram_bounds
            correlation most_common_elems most_common_elem_freqs elem_count_histogram
            range_length_histogram range_empty_frac range_bounds_histogram
            """
        ),
    ),
}
