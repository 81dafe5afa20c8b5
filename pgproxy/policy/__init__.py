"""The policy: rules as data, and the plan they make of one statement's lineage.

*class*: what a column holds.  *treatment*: what becomes of a value.  *domain*: one token name
space.  *plan*: the decision for one statement under one role.  Pure: no I/O, no clock.
"""
