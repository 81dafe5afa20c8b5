"""Mirrors pgproxy/policy."""
