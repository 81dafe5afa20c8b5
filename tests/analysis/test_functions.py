"""The lists of built-in functions and of catalog relations, held against a server's catalogs."""

from collections.abc import Iterator

import psycopg
import pytest

from pgproxy.analysis import functions, system_catalogs
from pgproxy.demo.postgres import Cluster

# Names of other versions of PostgreSQL than the one at hand.
OTHER_VERSIONS = frozenset({"pg_timezone_abbrevs", "similar_to_escape", "similar_escape"})
GRAMMAR_ONLY = frozenset({"system_user"})

# Why each is dangerous is said at the head of ``functions``.
DANGEROUS = """
    query_to_xml query_to_xml_and_xmlschema query_to_xmlschema table_to_xml schema_to_xml
    database_to_xml cursor_to_xml cursor_to_xmlschema table_to_xmlschema ts_stat ts_rewrite
    pg_read_file pg_read_binary_file pg_stat_file pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_tmpdir
    lo_creat lo_create lo_open lo_close loread lowrite lo_get lo_put lo_from_bytea lo_export
    lo_import lo_unlink lo_lseek lo_tell lo_truncate current_query pg_stat_get_activity
    pg_stat_get_backend_activity pg_cursor pg_prepared_statement pg_prepared_xact pg_lock_status
    pg_mcv_list_items set_config nextval setval currval lastval setseed pg_advisory_lock
    pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock pg_advisory_unlock
    pg_advisory_lock_shared pg_notify pg_logical_emit_message pg_export_snapshot pg_sleep
    pg_sleep_for pg_sleep_until pg_terminate_backend pg_cancel_backend pg_reload_conf
    pg_rotate_logfile pg_stat_reset pg_stat_reset_shared pg_clear_attribute_stats
    pg_restore_attribute_stats pg_clear_relation_stats pg_restore_relation_stats
    pg_input_is_valid pg_input_error_info pg_logical_slot_get_changes
    pg_logical_slot_peek_changes pg_create_logical_replication_slot pg_drop_replication_slot
    pg_import_system_collations pg_extension_config_dump binary_upgrade_set_missing_value currtid2
    pg_get_backend_memory_contexts pg_hba_file_rules pg_ident_file_mappings
    pg_show_all_file_settings pg_promote pg_switch_wal pg_backup_start pg_backup_stop
    pg_create_restore_point pg_log_backend_memory_contexts pg_stat_get_xact_tuples_returned
    pg_stat_get_xact_numscans brin_summarize_new_values gin_clean_pending_list pg_nextoid
    pg_replication_origin_create pg_walfile_name pg_current_logfile pg_get_sequence_data
    pg_sequence_last_value pg_stat_get_wal_senders pg_stat_have_stats pg_event_trigger_ddl_commands
    xmlvalidate ts_debug pg_control_system pg_get_shmem_allocations pg_xact_status
""".split()  # noqa: SIM905 - read as words


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The server's catalogs."""
    with psycopg.connect(cluster.dsn(database="postgres")) as connection:
        yield connection


Server = psycopg.Connection[tuple[object, ...]]


def overloads(server: Server) -> dict[str, list[tuple[str, str, bool, bool, str]]]:
    """By name: kind, volatility, whether it returns a set, SECURITY DEFINER, language."""
    found: dict[str, list[tuple[str, str, bool, bool, str]]] = {}
    for name, *rest in server.execute(
        "SELECT proname, prokind::text, provolatile::text, proretset, prosecdef, lanname"
        " FROM pg_proc JOIN pg_language ON pg_language.oid = prolang"
        " WHERE pronamespace = 'pg_catalog'::regnamespace"
    ):
        found.setdefault(str(name), []).append(tuple(rest))  # type: ignore[arg-type]
    return found


def test_every_name_is_there(server: Server) -> None:
    known = overloads(server)
    assert functions.PURE - OTHER_VERSIONS - known.keys() == set()


def test_kinds_are_as_the_groups_say(server: Server) -> None:
    known = overloads(server)
    for name in functions.PURE & known.keys():
        kinds = {kind for kind, *_ in known[name]}
        if name in functions.AGGREGATES:
            assert "a" in kinds, name
        elif name in functions.WINDOW:
            assert kinds <= {"w", "a"}, name
        else:
            assert kinds == {"f"}, name


def test_rows_are_what_returns_sets(server: Server) -> None:
    known = overloads(server)
    returning = {n for n in functions.PURE & known.keys() if any(o[2] for o in known[n])}
    assert returning == functions.ROWS & functions.PURE & known.keys()


def test_nothing_runs_with_other_rights_or_in_another_language(server: Server) -> None:
    known = overloads(server)
    for name in functions.PURE & known.keys():
        for _, _, _, definer, language in known[name]:
            assert not definer, name
            # SQL bodies of pg_catalog: shorthand for another function on the list.
            assert language in ("internal", "sql"), name


def test_volatile_ones_are_a_reviewed_few(server: Server) -> None:
    known = overloads(server)
    volatile = {n for n in functions.PURE & known.keys() if any(o[1] == "v" for o in known[n])}
    clocks = {"clock_timestamp", "timeofday"}
    sizes = {n for n in volatile if n.endswith("_size")}
    facts = {
        n
        for n in volatile
        if n.startswith(("pg_last_", "pg_current_wal_", "pg_partition_"))
        or n.endswith(("_pids", "_actual_version"))
    }
    rest = {"pg_advisory_unlock_all", "pg_is_wal_replay_paused", "pg_jit_available"}
    assert volatile <= clocks | sizes | facts | rest | functions.CHANCE | {
        "xpath",
        "pg_is_in_recovery",
    }


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_dangerous_one_is_not_on_the_list(server: Server, name: str) -> None:
    assert name not in functions.PURE
    assert name in overloads(server), "nobody has to be warned of it any more"


def test_functions_of_the_information_schema_are_there(server: Server) -> None:
    found = server.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'information_schema'::regnamespace"
    )
    assert {str(name) for (name,) in found} >= functions.INFORMATION_SCHEMA


def test_operators_of_pg_catalog_only_compute(server: Server) -> None:
    found = server.execute(
        "SELECT oprname, proname FROM pg_operator JOIN pg_proc ON pg_proc.oid = oprcode"
        " WHERE oprnamespace = 'pg_catalog'::regnamespace"
        " AND (provolatile = 'v' OR prosecdef OR prokind <> 'f' OR proretset)"
    ).fetchall()
    assert found == []


def test_every_relation_of_pg_catalog_is_accounted_for(server: Server) -> None:
    found = server.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace"
        " AND relkind IN ('r', 'v') ORDER BY 1"
    )
    hidden = {str(name) for (name,) in found} - system_catalogs.SHOWN
    said = system_catalogs.__doc__ or ""
    for name in sorted(hidden):
        assert name in said or name.startswith("pg_stat_xact_"), name


def test_guarded_and_withheld_columns_are_there(server: Server) -> None:
    found = server.execute(
        "SELECT relname, array_agg(attname::text) FROM pg_class JOIN pg_attribute ON attrelid ="
        " pg_class.oid WHERE relnamespace IN ('pg_catalog'::regnamespace,"
        " 'information_schema'::regnamespace) AND attnum > 0 GROUP BY 1"
    )
    columns = {str(name): set(names) for name, names in found}  # type: ignore[call-overload]
    for name, withheld in system_catalogs.NULLED.items():
        assert withheld <= columns[name], name
    for name, (_, _, guarded) in system_catalogs.BY_RELATION.items():
        assert guarded <= columns[name], name
