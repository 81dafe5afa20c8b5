"""Columns that speak of one subject, as the policy says it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonaPattern:
    """One line of a persona: columns that speak of the subject which ``key`` of their row names.

    ``gender`` and ``country`` are columns of the same table that tell them of the subject; ''
    where none does.
    """

    persona: str
    pattern: str
    key: str
    gender: str = ""
    country: str = ""

    @property
    def beside(self) -> tuple[str, ...]:
        """The columns that a value is made of: the key, then those that are given."""
        return tuple(filter(None, (self.key, self.gender, self.country)))
