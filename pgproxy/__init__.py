"""pgproxy: a PostgreSQL proxy that replaces sensitive values in the rows, per role.

The tree is the flow: client → net → session → analysis → policy → upstream, and back through
wire and treatment, with the vault beside the session.  Imports go one way only; the contract
stands in ``pyproject.toml``.
"""
