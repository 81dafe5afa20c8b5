"""A plan's treatments carried out on rows: one family a file.

Works on whole columns of a block of rows, type-true: a treated field keeps its type and its format.
Pure: keys come in as bytes, tokens it has not seen go out as a request.
"""
