"""Conversations held twice, with the server and through the proxy: every message must be the same.

Plain files of scripts.  ``== name`` begins one; a line is one message, its letter first:

    Q text                      Query
    P ["name", "sql", [oids]]   Parse
    B ["portal", "statement", [formats], [parameters], [result formats]]   Bind
    D ["S" or "P", "name"]      Describe
    E ["portal", rows]          Execute
    C ["S" or "P", "name"]      Close
    F [oid, [formats], [arguments], result format]   FunctionCall
    d "text"                    CopyData, as a JSON string
    f "text"                    CopyFail
    H  S  c  X                  Flush, Sync, CopyDone, Terminate
    !! hexadecimal              these bytes as they are

A parameter is a JSON string, null, or ``{"hex": "…"}``.  Lists at the end may be left out.  All of
a script goes out in one write, with Terminate behind it, and is answered until the connection ends.
``--`` begins a comment.  ``-~ name`` in place of ``==``: the answer depends on how the bytes are
cut, so it is only sent in one piece.
"""
