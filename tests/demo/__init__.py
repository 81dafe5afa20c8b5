"""The demo: its PostgreSQL, its shop, and that nothing of it stays."""
