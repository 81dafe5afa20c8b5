"""The relations of pg_catalog and information_schema: which of them a masked role may read.

Security rests on it.  What describes objects is shown as it is: names, types, privileges, and the
text that the schema's owner wrote (defaults, checks, views, functions), which every client needs.
What is taken from rows (statistics, bounds of partitions, the value of a column added with a
default) is shown where it belongs to a relation without masked columns; other people's statements
are never.  A relation that stands nowhere here is refused: pg_statistic and pg_statistic_ext_data
(raw statistics), pg_authid and pg_shadow (passwords), pg_user_mapping (credentials), pg_largeobject
(content), pg_stat_xact_* (what this very transaction has read), pg_hba_file_rules,
pg_ident_file_mappings, pg_file_settings, pg_config, pg_backend_memory_contexts,
pg_shmem_allocations, pg_shmem_allocations_numa, pg_aios (the server's own affairs).
"""

from pgproxy.analysis.names import words

# Rows that describe objects.
OBJECTS = words(
    """
    pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_auth_members pg_available_extensions
    pg_available_extension_versions pg_cast pg_collation pg_constraint pg_conversion
    pg_database pg_db_role_setting pg_default_acl pg_depend pg_description pg_enum pg_event_trigger
    pg_extension pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_group pg_index
    pg_indexes pg_inherits pg_init_privs
    pg_language pg_largeobject_metadata pg_matviews pg_namespace pg_opclass pg_operator pg_opfamily
    pg_parameter_acl pg_partitioned_table pg_policies pg_policy pg_proc pg_publication
    pg_publication_namespace pg_publication_rel pg_publication_tables pg_range
    pg_replication_origin pg_rewrite pg_roles pg_rules pg_seclabel pg_seclabels pg_sequence
    pg_settings pg_shdepend pg_shdescription pg_shseclabel pg_statistic_ext pg_subscription_rel
    pg_tables pg_tablespace pg_timezone_abbrevs pg_timezone_names pg_transform pg_trigger
    pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_type pg_user pg_views
    pg_wait_events
    """
)

# Counters of the server and of whole relations: how many rows were read, written, are there.
# Numbers of rows and the size of relations are no secret (threats.md 3, "physical").
COUNTERS = words(
    """
    pg_stat_all_indexes pg_stat_all_tables pg_stat_archiver pg_stat_bgwriter pg_stat_checkpointer
    pg_stat_database pg_stat_database_conflicts pg_stat_gssapi pg_stat_io pg_stat_progress_analyze
    pg_stat_progress_basebackup pg_stat_progress_cluster pg_stat_progress_copy
    pg_stat_progress_create_index pg_stat_progress_vacuum pg_stat_recovery_prefetch
    pg_stat_replication pg_stat_replication_slots pg_stat_slru pg_stat_ssl pg_stat_subscription
    pg_stat_subscription_stats pg_stat_sys_indexes pg_stat_sys_tables pg_stat_user_functions
    pg_stat_user_indexes pg_stat_user_tables pg_stat_wal pg_stat_wal_receiver
    pg_statio_all_indexes pg_statio_all_sequences pg_statio_all_tables pg_statio_sys_indexes
    pg_statio_sys_sequences pg_statio_sys_tables pg_statio_user_indexes pg_statio_user_sequences
    pg_statio_user_tables pg_replication_origin_status pg_replication_slots
    """
)

# Columns that are NULL for a masked role, whoever asks: other people's statements and constants,
# where a sequence stands, which numbers and names others lock by, options that hold credentials.
NULLED: dict[str, frozenset[str]] = {
    "pg_stat_activity": words("query"),
    "pg_prepared_statements": words("statement"),
    "pg_cursors": words("statement"),
    "pg_prepared_xacts": words("gid"),
    "pg_locks": words("classid objid objsubid"),
    "pg_sequences": words("last_value"),
    "pg_subscription": words("subconninfo"),
    "pg_user_mappings": words("umoptions"),
    "user_mapping_options": words("option_value"),
    "_pg_user_mappings": words("umoptions"),
}

ROWS_OF, BOUNDS_OF = "rows", "bounds"
_OF_TABLE = """(
    SELECT c.oid FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE n.nspname OPERATOR(pg_catalog.=) t.schemaname
      AND c.relname OPERATOR(pg_catalog.=) t.tablename)"""

# Columns that show only in rows which belong to a relation whose columns are all shown (or whose
# partition keys are): an expression over such a row, called ``t``, gives the OID of the relation.
BY_RELATION: dict[str, tuple[str, str, frozenset[str]]] = {
    # The value that rows written before ALTER TABLE … ADD COLUMN … DEFAULT have.
    "pg_attribute": (ROWS_OF, "t.attrelid", words("attmissingval")),
    "pg_class": (BOUNDS_OF, "t.oid", words("relpartbound")),
    "pg_stats": (
        ROWS_OF,
        _OF_TABLE,
        words(
            """
            null_frac avg_width n_distinct most_common_vals most_common_freqs histogram_bounds
            correlation most_common_elems most_common_elem_freqs elem_count_histogram
            range_length_histogram range_empty_frac range_bounds_histogram
            """
        ),
    ),
    "pg_stats_ext": (
        ROWS_OF,
        _OF_TABLE,
        words(
            """
            n_distinct dependencies most_common_vals most_common_val_nulls most_common_freqs
            most_common_base_freqs
            """
        ),
    ),
    "pg_stats_ext_exprs": (
        ROWS_OF,
        _OF_TABLE,
        words(
            """
            null_frac avg_width n_distinct most_common_vals most_common_freqs histogram_bounds
            correlation most_common_elems most_common_elem_freqs elem_count_histogram
            """
        ),
    ),
}

SHOWN = OBJECTS | COUNTERS | NULLED.keys() | BY_RELATION.keys()
