"""Drawings in SVG, by hand: two distributions in one frame, two ends of one line.

Colours are classes, to which ``style`` gives a light and a dark shade.
"""

from collections.abc import Mapping
from html import escape
import re

from pgproxy.fidelity.histograms import Bins
from pgproxy.fidelity.tables import Association

_LIGHT = {
    "paper": "#ffffff", "card": "#f6f7f9", "line": "#d6dae1", "ink": "#1b2330", "soft": "#5c6776",
    "real": "#9aa5b4", "treated": "#2563c9", "good": "#15803d", "bad": "#b91c1c",
}  # fmt: skip
_DARK = {
    "paper": "#0f141b", "card": "#171e28", "line": "#2d3745", "ink": "#e6eaf0", "soft": "#98a4b5",
    "real": "#66748a", "treated": "#74a9ff", "good": "#4ade80", "bad": "#f87171",
}  # fmt: skip
_RULES = """svg text{fill:ink}svg .soft{fill:soft}svg .good{fill:good}svg .bad{fill:bad}
svg .paper{fill:paper}svg .card{fill:card;stroke:line}svg .real{fill:real}
svg .treated{stroke:treated}svg .dot{fill:treated}svg .axis{stroke:line}"""
_FONT = 'system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif'


def _coloured(rules: str, colours: Mapping[str, str]) -> str:
    """The rules with colours in place of their names."""
    return re.sub(r"(?<=:)(\w+)(?=[;}])", lambda found: colours.get(found[1], found[1]), rules)


def style(rules: str = "") -> str:
    """A style sheet of the drawings, and of ``rules``, in light and dark.

    Colours are written out: not everything that draws SVG knows variables.
    """
    fixed = (
        f"svg text{{font-family:{_FONT}}}svg .real{{fill-opacity:.55}}"
        "svg .treated{fill:none;stroke-width:2;stroke-linejoin:round}"
    )
    light, dark = (_coloured(_RULES + rules, colours) for colours in (_LIGHT, _DARK))
    return f"{fixed}{light}@media (prefers-color-scheme:dark){{{dark}}}".replace("\n", "")


def text(x: float, y: float, words: str, look: str = "", size: float = 12) -> str:
    """Words at a place; ``look``: classes, and ``end`` or ``middle`` where they are anchored."""
    anchor = next((word for word in look.split() if word in ("end", "middle")), "start")
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{look}" font-size="{size:g}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def distributions(bins: Bins, width: float, height: float) -> str:
    """The real rows as an area, the treated ones as a line, over one axis; from (0, 0)."""
    floor = height - 16
    highest = max(*bins.real, *bins.treated, 1e-9)

    def steps(densities: tuple[float, ...]) -> str:
        points: list[str] = []
        for start, end, density in zip(bins.edges, bins.edges[1:], densities, strict=False):
            y = floor - density / highest * (floor - 4)
            points += [f"{start * width:.1f},{y:.1f}", f"{end * width:.1f},{y:.1f}"]
        return " ".join([f"0,{floor:.1f}", *points, f"{width:.1f},{floor:.1f}"])

    ticks = "".join(
        text(min(max(at * width, 21), width - 21), height - 2, words, "soft middle", 10)
        for at, words in bins.ticks
    )
    return (
        f'<polygon class="real" points="{steps(bins.real)}"/>'
        f'<polyline class="treated" points="{steps(bins.treated)}"/>'
        f'<line class="axis" x1="0" y1="{floor:.1f}" x2="{width:.1f}" y2="{floor:.1f}"/>{ticks}'
    )


def legend(x: float, y: float) -> str:
    """Which is which."""
    return (
        f'<rect class="real" x="{x:.1f}" y="{y - 9:.1f}" width="14" height="10"/>'
        f"{text(x + 20, y, 'stored', 'soft')}"
        f'<line class="treated" x1="{x + 74:.1f}" y1="{y - 4:.1f}" x2="{x + 90:.1f}" '
        f'y2="{y - 4:.1f}"/>{text(x + 96, y, "as the role sees it", "soft")}'
    )


def association(one: Association, width: float) -> str:
    """-1 … 1 as a line of 18 units: a bar for the real correlation, a dot for the treated one."""

    def at(correlation: float) -> float:
        return (correlation + 1) / 2 * width

    return (
        f'<line class="axis" x1="0" y1="9" x2="{width:.1f}" y2="9"/>'
        f'<line class="axis" x1="{width / 2:.1f}" y1="4" x2="{width / 2:.1f}" y2="14"/>'
        f'<rect class="real" x="{at(one.real) - 4:.1f}" y="1" width="8" height="16" rx="2"/>'
        f'<circle class="dot" cx="{at(one.treated):.1f}" cy="9" r="3.5"/>'
    )
