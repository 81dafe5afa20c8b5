"""What a hostile analyst tries, as plain SQL files, run by test_attacks.py.

An attack begins with a line ``-- @ name``; what follows, up to the next such line, are its
statements, each ending with ``;`` at the end of a line, run in one session and one transaction,
which is rolled back.  Lines that begin with ``--`` are comments, but for

    -- @superuser     the direct proof needs more rights than the analyst has
    -- @alone         no transaction is put around the statements
    -- @same          it tells the masked values of nobody by itself: only that it is refused counts

Each attack must *work*: run straight against the server it gives different answers on two databases
that differ in masked values only, and the same on a copy of the first.  Through the proxy both
databases must give the same answer; where every class is a token, the same up to one renaming of
values.  The file's name is the class.
"""
