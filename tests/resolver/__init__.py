"""The resolver against the server's own analysis, over any files of SQL.

Three questions a statement, each answered by PostgreSQL itself: which columns does it use (what
``pg_depend`` says of a view of it), where does each field come from (RowDescription), and does the
statement that we would send describe the same fields as the one that was given.
"""
