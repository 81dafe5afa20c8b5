"""The user's files: YAML in, frozen models out, every mistake at once.

The home of PyYAML and pydantic.
"""
