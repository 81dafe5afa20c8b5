"""The database that the tests of attacks, of usability and of non-interference share, in versions.

``pair`` makes them; ``compare`` asks and compares.
"""
