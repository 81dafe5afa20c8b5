"""Tests of the config room: what the files may say, and how each mistake in them is told."""
