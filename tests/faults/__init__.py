"""What breaks: clients and servers that die, stop or dawdle, before a real PostgreSQL."""
