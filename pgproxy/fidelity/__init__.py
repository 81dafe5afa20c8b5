"""Real columns beside treated ones: how far apart they are, as numbers and as a picture.

No I/O, and no value in what comes out: only measures of at least a minimum group of rows.
"""
