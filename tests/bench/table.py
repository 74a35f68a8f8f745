"""The table of figures: one line for each kind of work, with its goal, floor, ratio and peers."""

import dataclasses
import re
import statistics

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
HEAD = ("| work | median | spread, runs | goal | floor | ratio | peers |",
        "|---|---|---|---|---|---|---|")


@dataclasses.dataclass
class Line:
    """`floor` is (what it is, its median); `peers` are such pairs. `more` says that more is better,
    as of a rate: the ratio is always how many times worse than the floor."""
    work: str
    unit: str
    values: list
    goal: str = ""
    floor: tuple = None
    peers: list = dataclasses.field(default_factory=list)
    more: bool = False
    note: str = ""

    @property
    def median(self):
        return statistics.median(self.values)

    def times(self, other):
        """How many times worse than `other`."""
        worse, better = (other, self.median) if self.more else (self.median, other)
        return f"{amount(worse / better)} x" if better else "-"

    def cells(self):
        spread = f"{amount(min(self.values))} to {amount(max(self.values))}, "
        spread = (spread if len(self.values) > 1 else "") + f"n={len(self.values)}"
        floor = f"{self.floor[0]} {amount(self.floor[1])}" if self.floor else "-"
        ratio = self.times(self.floor[1]) if self.floor else "-"
        peers = "; ".join(f"{name} {amount(value)}" +
                          (f" ({Line('', '', [value], more=self.more).times(self.floor[1])})"
                           if self.floor else "") for name, value in self.peers)
        work = self.work + (f" ({self.note})" if self.note else "")
        return [work, f"{amount(self.median)} {self.unit}", spread, self.goal or "-", floor, ratio,
                peers or "-"]

    def text(self):
        return "| " + " | ".join(self.cells()) + " |"


def amount(value):
    """Three digits that count; thousands with commas."""
    if value and abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}"


def table(lines):
    return "\n".join([*HEAD, *(line.text() for line in lines)])


def replaced(page, lines, context):
    """The text of the page with the table between the two marks made anew."""
    fresh = f"{BEGIN}\n{context}\n\n{table(lines)}\n{END}"
    done, count = re.subn(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: fresh, page,
                          flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"the page has {count} pairs of marks, not one")
    return done
