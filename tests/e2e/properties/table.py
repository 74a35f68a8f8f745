"""The outcome: for each field of each collection, which properties hold."""

import dataclasses

PROPERTIES = ("pure", "as planned", "idempotent", "quiet", "event", "repaired", "omitted")
OK, FAILED, NOT_TRIED = "yes", "FAILED", "-"


@dataclasses.dataclass
class Row:
    collection: str
    field: str
    cells: dict = dataclasses.field(default_factory=lambda: dict.fromkeys(PROPERTIES, NOT_TRIED))
    notes: list = dataclasses.field(default_factory=list)

    def try_(self, *properties):
        """Used as a block: what is asserted in it decides on these properties."""
        return Trial(self, properties)

    def failed(self):
        return [name for name, cell in self.cells.items() if cell == FAILED]


class Trial:
    def __init__(self, row, properties):
        self._row = row
        self._properties = properties

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is not None and not issubclass(kind, AssertionError):
            return False
        for name in self._properties:
            # Tried twice, once failed is failed.
            if error or self._row.cells[name] != FAILED:
                self._row.cells[name] = FAILED if error else OK
        if error:
            note = f"{', '.join(self._properties)}: {error}"
            self._row.notes += [note] if note not in self._row.notes else []
        return True


def text(rows):
    """The table, and below it what is to be said of its cells."""
    lines = [("collection", "field", *PROPERTIES)]
    lines += [(row.collection, row.field, *row.cells.values()) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
             for line in lines]
    notes = [f"{row.collection}/{row.field}: {note}" for row in rows for note in row.notes]
    return "\n".join([*table, "", *notes])
