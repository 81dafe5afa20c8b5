"""Bytes ⇄ messages of the PostgreSQL frontend/backend protocol, version 3.

*frontend* and *backend* name a message by its sender, as in the manual (chapter 54); *field* is a
value in a DataRow, *run* some whole DataRows in a row.  Knows offsets and lengths; no policy, no
keys, no sockets.
"""
