"""Tests of pgproxy.treatment."""
