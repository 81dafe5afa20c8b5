"""Mirrors pgproxy/analysis."""
