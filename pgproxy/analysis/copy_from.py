"""COPY … FROM STDIN: which columns the client's rows are put into, one after the other."""

from dataclasses import dataclass

from pgproxy.analysis.context import Context, not_covered, refuse
from pgproxy.analysis.copy import CopyOptions, copy_options
from pgproxy.analysis.expression import Walk
from pgproxy.analysis.lineage import CONSTANT, Given, Lineage, Node, Position, Source, Use
from pgproxy.analysis.names import strings
from pgproxy.analysis.scope import Scope
from pgproxy.analysis.tables import table


@dataclass(frozen=True, slots=True)
class CopyInto:
    """The statement, and how many columns its rows have.

    Each column is a use at ``Position.WRITE``; its ``given`` has the number of the column.
    """

    body: Node
    columns: int

    def options(self) -> CopyOptions:
        """In which form the rows come.  Raises Refusal where that cannot be read."""
        return copy_options(self.body)


def copied_into(body: Node, context: Context) -> CopyInto:
    """Notes what is written; the relation gets its schema.  Raises Refusal."""
    if body.get("is_program") or "filename" in body:
        raise refuse(
            "copy", "COPY is allowed only FROM STDIN here", body, "psql has \\copy for files."
        )
    if "whereClause" in body:
        raise not_covered("COPY FROM with WHERE", body)
    relation = context.names.relation(body["relation"])
    if relation.kind not in "rpf":
        raise refuse("copy", f'cannot copy to "{relation.name}"', body["relation"])
    context.report.written.add(relation.oid)
    walk = Walk(Scope(), context, body)
    table(body["relation"], walk)
    # It has no place for one.
    del body["relation"]["alias"]
    names = strings(body.get("attlist", ())) or [
        column.name for column in relation.columns if not column.generated
    ]
    every: set[Source] = set()
    for number, name in enumerate(names, 1):
        column = relation.column(name)
        if column is None:
            raise refuse("name", f'column "{name}" of "{relation.name}" does not exist')
        own = Lineage(frozenset({Source(relation.oid, column.attnum)}))
        every |= own.copied
        given = (Given({}, number),)
        context.use(Use(Position.WRITE, CONSTANT, {}, name, other=own, given=given))
    context.report.inserted.append(frozenset(every))
    return CopyInto(body, len(names))
