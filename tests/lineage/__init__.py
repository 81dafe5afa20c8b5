"""SQL cases as plain files, run by tests/policy/test_planner.py.

A statement ends with ``;``.  Below it, one line a field:

    --> name | derivation | treatment | source, source

or, for a statement that is refused, ``--> refused | reason``.  A line ``--! text`` says that the
statement sent upstream must hold this text; ``--? text`` that a notice must.
"""
