"""What to try on each field of a collection: from its schema, and from a setting for what no
schema can say."""

import dataclasses
import json
import pathlib

SETTINGS = pathlib.Path(__file__).parent
WORDS = {"ids", "prepare", "base", "fields", "together", "by_hand", "touches"}
FIELD_WORDS = {"values", "with", "between", "reason"}


@dataclasses.dataclass
class Case:
    """A field, and two descriptions between which it differs."""

    field: str
    path: str     # of its changes
    wanted: dict
    other: dict
    alone: bool = True     # nothing else differs between them
    compared: bool = True  # a state can leave the description in it


class NotVaried(Exception):
    """Why a field is not tried; `given` if a setting says so."""

    def __init__(self, reason, given):
        super().__init__(reason)
        self.given = given


class Collection:
    """`schema` as the agent tells it; `setting` is {} for a collection that needs none."""

    def __init__(self, name, schema, setting):
        self.name = name
        self.schema = schema
        self.setting = setting
        self.properties = schema["properties"]
        self.fields = ["ensure", *(field for field, said in self.properties.items()
                                   if not said.get("readOnly"))]
        self.base = setting.get("base", {})
        self.touches = setting.get("touches", {})
        self._settings = setting.get("fields", {})
        self.ids = setting.get("ids") or schema.get("x-ek-key", {}).get("examples", [])
        wrong = [*(set(setting) - WORDS), *(set(self._settings) - set(self.fields)), *(
            word for said in self._settings.values() for word in set(said) - FIELD_WORDS)]
        if wrong or not self.ids:
            raise AssertionError(f"{name}: the setting's {wrong}, or no id, nor x-ek-key examples")
        self.rid = self.ids[0]

    def case(self, field):
        """What to try on a field; NotVaried if nothing can be."""
        said = self._settings.get(field, {})
        if reason := said.get("reason"):
            raise NotVaried(reason, True)
        if field == "ensure":
            return Case(field, "/ensure", self.base, {"ensure": "absent"}, alone=False)
        if between := said.get("between"):
            return Case(field, "/" + field, *between, alone=False)
        values = said.get("values") or values_of(self.properties[field])
        if len(values) < 2:
            raise NotVaried("the schema has no two examples, and no setting says why", False)
        wanted, other = ({**self.base, **said.get("with", {}), field: value}
                         for value in values[:2])
        word = self.properties[field].get("x-ek-compare")
        if word == "volatile":
            # It means something to what is made anew.
            return Case(field, "/ensure", wanted, {"ensure": "absent"}, False, False)
        path = field.removesuffix("_base64") if word == "digest" else field
        return Case(field, "/" + path, wanted, other)

    def cases(self):
        """Those of all fields that can be varied, by field."""
        found = {}
        for field in self.fields:
            try:
                found[field] = self.case(field)
            except NotVaried:
                continue
        return found

    def can_be_left_out(self, cases):
        """The fields that are left as they are then; others have a default to be asked for."""
        return [field for field, case in cases.items()
                if case.alone and "default" not in self.properties[field]]

    def together(self, cases):
        """Lists of fields that one description can have."""
        return self.setting.get("together") or [self.can_be_left_out(cases)]

    def value_in(self, state, case):
        """(what a state says of the field, what is wanted), for fields that a state shows."""
        if case.field == "ensure":
            return "absent" if state is None else "present", case.wanted.get("ensure", "present")
        said = self.properties[case.field]
        if (said.get("writeOnly") or said.get("x-ek-sensitive")
                or said.get("x-ek-compare") == "volatile"):
            return None, None
        found, wanted = state.get(case.field), case.wanted.get(case.field)
        if said.get("x-ek-compare") == "set":
            return sorted(found), sorted(wanted)
        return found, wanted

    def grave(self, offences):
        """Those of a plan's offences that the setting gives no reason for."""
        return [one for one in offences if one.rpartition(" of ")[2] not in self.touches]

    def settled(self, state):
        """A state without what nobody compares."""
        return state and {name: value for name, value in state.items()
                          if self.properties[name].get("x-ek-compare") != "volatile"}


def values_of(said):
    """Differing values of a property, by its examples or because there are no others."""
    if said.get("type") == "boolean":
        return [True, False]
    return said.get("examples") or said.get("enum") or []


def setting_of(name, beside=None, system=None):
    """The setting of a collection, {} where none is needed. `beside`: an outside plugin's folder,
    with NAME.properties.json. `system`: one for such machines goes before the common one."""
    files = [SETTINGS / f"{name}.{system}.json", SETTINGS / f"{name}.json"]
    if beside:
        files = [pathlib.Path(beside, f"{name}.properties.json")]
    for file in files:
        if file.exists():
            return json.loads(file.read_text(encoding="utf-8"))
    return {}
