"""Figures, not tests: nothing here fails for being slow."""
