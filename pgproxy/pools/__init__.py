"""Pools: synthetic values that a language model makes ahead of time.

What is asked, what is taken of the answers, and how an edition is kept.  Pure: the endpoint, the
files and the clock are those of ``net``.  Nothing here has ever seen a database.
"""
