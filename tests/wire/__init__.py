"""Tests of pgproxy.wire."""
