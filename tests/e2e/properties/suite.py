"""Tries on a collection what its users rely on, field by field."""

from harness.local_agent import resource
from properties.cases import NotVaried
from properties.table import NOT_TRIED, Row
from support.wait import WAIT_SECONDS


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def expect_none(offences):
    expect(not offences, "; ".join(dict.fromkeys(offences)))


def changes_of(entry, outcome="done"):
    """[(path, before, after, action)] of an entry whose changes all ended like this."""
    expect(entry["error"] is None, f"{entry['outcome']}: {entry['error']}")
    expect(all(one["outcome"] == outcome for one in entry["changes"]),
           f"not all are {outcome}: {entry['changes']}")
    return [(one["path"], one["before"], one["after"], one["action"])
            for one in entry["changes"]]


def without_secrets(value):
    """Fingerprints are keyed: those of two agents differ."""
    if isinstance(value, dict):
        return {name: "" if name == "redacted" else without_secrets(inner)
                for name, inner in value.items()}
    return [without_secrets(inner) for inner in value] if isinstance(value, (list, tuple)) \
        else value


def both(collection, description):
    """The same for two resources."""
    return [resource(collection.name, rid, description) for rid in collection.ids[:2]]


def merged(descriptions):
    """One description with the fields of all."""
    return {name: value for one in descriptions for name, value in one.items()}


class Suite:
    """`agent` watches and repairs; `watch` hears it; `stranger` plans, and tampers."""

    def __init__(self, agent, watch, stranger, event_seconds=WAIT_SECONDS):
        self._agent = agent
        self._watch = watch
        self._stranger = stranger
        self._event_seconds = event_seconds

    def rows(self, collection):
        """A row for each field, and some for what is not about one field."""
        rows = {field: self._row_of(collection, field) for field in collection.fields}
        cases = {field: case for field, case in collection.cases().items() if case.compared}
        further = []
        for fields in filter(None, collection.together(cases)):
            further += self._together(collection, [cases[field] for field in fields], rows)
        for field in collection.can_be_left_out(cases):
            with rows[field].try_("omitted"):
                expect(rows[field].cells["omitted"] != NOT_TRIED, "in no list of `together`")
        return [*rows.values(), *further, *self._at_once(collection),
                self._reading(collection), *self._by_hand(collection)]

    def _row_of(self, collection, field):
        row = Row(collection.name, field)
        try:
            case = collection.case(field)
        except NotVaried as why:
            row.notes.append(str(why))
            if not why.given:
                with row.try_(*row.cells):
                    raise AssertionError("cannot be tried")
            return row
        with row.try_("as planned"):
            changes_of(self._apply(collection, case.other))
        since = self._watch.mark()
        self._go(collection, case.wanted, {case.path}, row)
        self._go(collection, case.other, {case.path}, row)
        with row.try_("quiet"):
            told = self._watch.kinds(collection.name, collection.rid, since)
            expect("resource.drifted" not in told, "what the agent itself wrote was told as drift")
        if case.compared:
            self._drift(collection, case, row)
        else:
            row.notes.append("never compared, so it cannot drift; tried on a new one")
        return row

    def _apply(self, collection, description, policy="report"):
        return self._agent.apply(collection.name, collection.rid, description, policy)

    def _plan(self, collection, description):
        return changes_of(self._agent.plan(collection.name, collection.rid, description),
                          "planned")

    def _go(self, collection, description, paths, row):
        """From where it is to a description that differs from that in these paths at least."""
        planned = None
        with row.try_("pure", "as planned"):
            planned = self._plan(collection, description)
        if planned is None:
            return
        entry = resource(collection.name, collection.rid, description)
        self._plans_purely(collection, [entry], [planned], row)
        with row.try_("as planned"):
            done = changes_of(self._apply(collection, description))
            expect(done == planned, f"planned {planned}, did {done}")
            expect(paths <= {path for path, *_ in done}, f"{sorted(paths)} should change: {done}")
        with row.try_("idempotent"):
            again = changes_of(self._apply(collection, description))
            expect(not again, f"the second apply changes {again}")
            again = self._plan(collection, description)
            expect(not again, f"a later plan has {again}")

    def _plans_purely(self, collection, entries, planned, row):
        with row.try_("pure"):
            found, offences = self._stranger.plan(entries)
            expect_none(collection.grave(offences))
            # One that is kept from writing might do without, and plan something else.
            there = without_secrets([changes_of(entry, "planned") for entry in found])
            here = without_secrets(planned)
            expect(there == here, f"where nothing can be written the plan is {there}, not {here}")

    def _drift(self, collection, case, row):
        """Somebody else has the field otherwise; the agent sees that at once and mends it."""
        with row.try_("repaired"):
            changes_of(self._apply(collection, case.wanted, "enforce"))
            before = self._agent.state(collection.name, collection.rid)
            since = self._watch.mark()
            tampered = self._stranger.apply(
                resource(collection.name, collection.rid, case.other, "off"))
            expect(case.path in {one["path"] for one in tampered["changes"]},
                   f"the stranger could not change it: {tampered}")
            self._sees_and_repairs(collection, since, {case.path}, case.alone, row)
            after = self._agent.state(collection.name, collection.rid)
            expect(collection.settled(after) == collection.settled(before),
                   f"it was {before} and is {after}")
            found, wanted = collection.value_in(after, case)
            expect(found == wanted, f"it is {found}, wanted was {wanted}")

    def _sees_and_repairs(self, collection, since, paths, alone, row):
        """The agent tells by an event that these paths drifted, and that it has mended them."""
        event = self._wait("resource.drifted", collection, since)
        with row.try_("event"):
            expect(event, f"no resource.drifted within {self._event_seconds} s")
            told = event["compliance"]
            found = {one["path"] for one in told["fields"]}
            expect(found == paths if alone else found >= paths,
                   f"{sorted(paths)} drifted, told is {sorted(found)}")
            expect(told["seen_by"] == "event", f"seen by {told['seen_by']}")
        expect(event and self._wait("resource.repaired", collection, since),
               f"no resource.repaired within {self._event_seconds} s")

    def _wait(self, kind, collection, since):
        return self._watch.wait(kind, collection.name, collection.rid, since, self._event_seconds)

    def _together(self, collection, cases, rows):
        """All these fields in one description, then each of them left out."""
        row = Row(collection.name, f"{cases[0].field} and {len(cases) - 1} more")
        wanted, other = merged(case.wanted for case in cases), merged(case.other for case in cases)
        for case in cases:
            wanted[case.field], other[case.field] = (
                case.wanted[case.field], case.other[case.field])
        with row.try_("as planned"):
            changes_of(self._apply(collection, other))
        self._go(collection, wanted, {case.path for case in cases}, row)
        for at, case in enumerate(cases):
            with rows[case.field].try_("omitted"):
                neighbour = cases[at - 1] if len(cases) > 1 else None
                self._left_out(collection, wanted, other, case, neighbour)
        return [row] if len(cases) > 1 else []

    def _left_out(self, collection, wanted, other, case, neighbour):
        """Who leaves the field out has it left as it is, also when its neighbour is repaired."""
        changes_of(self._apply(collection, wanted, "enforce"))
        rest = {name: value for name, value in wanted.items() if name != case.field}
        changed = changes_of(self._apply(collection, rest, "enforce"))
        expect(not changed, f"to leave it out changes {changed}")
        if not neighbour:
            return
        otherwise = {**wanted, case.field: other[case.field]}
        since = self._watch.mark()
        for tampering in (otherwise, {**otherwise, neighbour.field: other[neighbour.field]}):
            # That the second is undone at once, he may call a failure.
            self._stranger.apply(resource(collection.name, collection.rid, tampering, "off"))
        row = Row(collection.name, neighbour.field)
        self._sees_and_repairs(collection, since, {neighbour.path}, True, row)
        expect(not row.failed(), f"with {neighbour.field}: {row.notes}")
        left = self._plan(collection, otherwise)
        expect(not left, f"after a repair of {neighbour.field} it differs: {left}")

    def _at_once(self, collection):
        """Two resources in one FILE, which a collection may carry out in one go."""
        cases = collection.cases()
        case = cases.get("ensure") or next(iter(cases.values()), None)
        if not case or len(collection.ids) < 2:
            return []
        row = Row(collection.name, "two at once")
        with row.try_("as planned"):
            self._both("apply", collection, case.other)
        for description in (case.wanted, case.other):
            with row.try_("as planned"):
                planned = self._both("plan", collection, description, "planned")
                self._plans_purely(collection, both(collection, description), planned, row)
                done = self._both("apply", collection, description)
                expect(done == planned, f"planned {planned}, did {done}")
                expect(all(case.path in {path for path, *_ in one} for one in done),
                       f"{case.path} should change in both: {done}")
            with row.try_("idempotent"):
                again = self._both("apply", collection, description)
                expect(again == [[], []], f"the second apply changes {again}")
        return [row]

    def _both(self, verb, collection, description, outcome="done"):
        told = self._agent.ask(verb, resources=both(collection, description))
        return [changes_of(entry, outcome) for entry in told["resources"]]

    def _reading(self, collection):
        """To read and list is no more than that, whether or not a collection can be listed."""
        row = Row(collection.name, "read, list")
        row.notes += [f"touches {path}: {why}" for path, why in collection.touches.items()]
        for argv in (["read", collection.name, collection.rid], ["list", collection.name]):
            with row.try_("pure"):
                offences, _ = self._stranger.agent_sealed(*argv)
                expect_none(collection.grave(offences))
        return row

    def _by_hand(self, collection):
        """As a second opinion on what the stranger does: the system's own tool."""
        said = collection.setting.get("by_hand")
        if not said:
            return []
        case = collection.case(said["field"])
        row = Row(collection.name, f"{case.field} by {said['argv'][0]}")
        with row.try_("repaired"):
            changes_of(self._apply(collection, case.wanted, "enforce"))
            since = self._watch.mark()
            self._stranger.run(*(word.replace("{id}", collection.rid) for word in said["argv"]))
            self._sees_and_repairs(collection, since, {case.path}, case.alone, row)
            left = self._plan(collection, case.wanted)
            expect(not left, f"repaired, and yet {left}")
        return [row]
