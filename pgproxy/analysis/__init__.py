"""SQL and a catalog snapshot in, lineage out.  The home of pglast.

*statement*: one parse tree, as the dicts of PostgreSQL's JSON form.  *scope*: what names mean at
one place of it.  *lineage*: for a value, the stored columns it comes from and how.  *use*: one
place where a statement does something with a column.  Pure: no I/O, no clock, no policy.
"""
