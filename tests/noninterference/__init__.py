"""Non-interference: two databases that differ in masked values only must look the same.

The judge of threats.md 1: random statements go through the proxy to both, and what a client sees is
compared.
"""
