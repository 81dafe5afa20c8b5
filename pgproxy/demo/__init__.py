"""A PostgreSQL of its own and a sample shop, for ``pgproxy demo`` and for the tests."""
