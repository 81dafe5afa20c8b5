"""What honest people and their tools ask, as plain SQL files, run by test_usability.py.

``-- client: NAME`` says who asks; a statement ends with ``;`` at the end of a line.  Below it
``-->`` says what becomes of each field, in order, as treatments (``--> show*3 token`` for four
fields), or ``--> no rows``.  Other comments are for people.  ``--~`` below a
statement: what it shows changes from one moment, one session or one spelling of a name to the next,
so values are not compared.

A statement belongs here if PostgreSQL and the rules of the policy allow it.
"""
