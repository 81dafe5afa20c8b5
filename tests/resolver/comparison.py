"""One statement compared: what the resolver says of it beside what the server says."""

from collections import Counter
from dataclasses import dataclass, field

from pgproxy.analysis.grammar import parse
from pgproxy.analysis.lineage import Lineage, Source
from pgproxy.analysis.statement import Analysis, Analyzer, render
from pgproxy.errors import Refusal
from tests.resolver.oracle import Column, Connection, described, used


@dataclass(slots=True)
class Tally:
    """Of all statements: how many could be compared, what was refused, what was wrong."""

    statements: int = 0
    views: int = 0
    descriptions: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def compare(self, server: Connection, analyzer: Analyzer, sql: str) -> None:
        """Note what differs for one statement; the transaction stays as it was."""
        of_server = described(server, sql)
        if of_server is None:
            return
        self.statements += 1
        try:
            (raw,) = parse(sql)
            analysis = analyzer.analyze(raw)
            sent = render([raw])
        except Refusal as refusal:
            self.refused[refusal.message] += 1
            return
        except Exception as error:
            self.faults.append((f"the analysis fails: {type(error).__name__}", sql))
            return
        if of_server and analysis.fields is not None and analysis.explained is None:
            self.descriptions += 1
            ours = [f.name for f in analysis.fields]
            if ours != [f.name for f in of_server]:
                self.faults.append(("other fields", sql))
                return
            for own, its in zip(analysis.fields, of_server, strict=True):
                if any(its.column) and Source(*its.column) not in own.lineage.origins:
                    self.faults.append((f"the origin of {own.name} is not known", sql))
            if described(server, sent) != of_server:
                self.faults.append(("what is sent describes other fields", sql))
        self._columns(server, analysis, sql)

    def _columns(self, server: Connection, analysis: Analysis, sql: str) -> None:
        of_server = used(server, sql) if analysis.kind == "SelectStmt" else None
        if of_server is None:
            return
        self.views += 1
        missed = of_server - seen(analysis)
        if missed:
            self.faults.append((f"columns are missed: {sorted(missed)}", sql))


def seen(analysis: Analysis) -> set[Column]:
    """Every column that the analysis of a statement came across."""
    found: list[Lineage] = [field.lineage for field in analysis.fields or ()]
    for use in analysis.report.uses:
        found += [use.lineage, use.other] if use.other else [use.lineage]
    return {
        (source.relation, source.attnum)
        for lineage in found
        for source in lineage.sources | lineage.origins
    }
