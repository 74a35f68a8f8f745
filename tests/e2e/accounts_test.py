"""Users and groups that are half there: what each description means where.

Each cell makes a thing by hand in the account files, plans and applies one description, and
compares the four files line by line before and after with what the plan said; a second apply has
nothing left to do. The tables that are printed have no empty cell; docs/collections tells the same.
"""

import unittest

from harness.local_agent import LocalAgent, Refused
from harness.lone import LoneCase
from harness.system import AGENT, write
from support.wait import eventually

FILES = ("passwd", "shadow", "group", "gshadow")
HASH = "$6$canarycanary$UWyR4QuqBiUdxNQFcyS0jPiHNpUoXkMB0IdqSg4NoaGFH25Uhlxv"
# Where the files have the fields of a user.
PASSWD = {2: {"/uid"}, 3: {"/group"}, 4: {"/gecos"}, 5: {"/home"}, 6: {"/shell"}}
SHADOW = {2: {"/password_hash", "/locked"}, 3: {"/password_min_days"}, 4: {"/password_max_days"},
          5: {"/password_warn_days"}, 6: {"/password_inactive_days"}, 7: {"/expires"}}
AGING = {"/password_min_days", "/password_max_days", "/password_warn_days",
         "/password_inactive_days", "/expires"}

USER = "it:x:4000:4000:It:/home/it:/bin/sh"
SHADOWED = f"it:{HASH}:19000:1:90:7:14::"
# By kind, the lines that are added to passwd, shadow, group and gshadow.
USERS = {
    "a user": ([USER], [SHADOWED], ["it:x:4000:"], ["it:!::"]),
    "a user, locked": ([USER], [SHADOWED.replace("it:", "it:!", 1)], ["it:x:4000:"], ["it:!::"]),
    "a user in groups": ([USER], [SHADOWED], ["it:x:4000:", "one:x:4101:it", "two:x:4102:"],
                         ["it:!::", "one:!::it", "two:!::"]),
    "a user, in gshadow only": ([USER], [SHADOWED], ["it:x:4000:", "one:x:4101:", "two:x:4102:"],
                                ["it:!::", "one:!::it", "two:!::"]),
    "a user, its group is gone": ([USER], [SHADOWED], [], []),
    "a user, no line in shadow": ([USER], [], ["it:x:4000:"], ["it:!::"]),
    "a user, its hash in passwd": ([USER.replace(":x:", f":{HASH}:")], [], ["it:x:4000:"],
                                   ["it:!::"]),
    "a user, hashes in both": ([USER.replace(":x:", f":{HASH}:")], ["it:*:19000:1:90:7:14::"],
                               ["it:x:4000:"], ["it:!::"]),
    "a user with a process": ([USER], [SHADOWED], ["it:x:4000:"], ["it:!::"]),
    "no user": ([], [], [], []),
    "no user, a group of that name": ([], [], ["it:x:4000:"], ["it:!::"]),
    "no user, named in a group": ([], [], ["one:x:4101:it", "two:x:4102:"],
                                  ["one:!::it", "two:!::"]),
    "no user, named in gshadow only": ([], [], ["one:x:4101:", "two:x:4102:"],
                                       ["one:!::it", "two:!::"]),
    "no user, a line in shadow": ([], [SHADOWED], [], []),
}
USER_DESCRIPTIONS = [
    {}, {"uid": 4000}, {"uid": 4009}, {"group": "4000"}, {"group": "daemon"}, {"groups": []},
    {"groups": ["audio"]}, {"groups": ["one"]}, {"home": "/srv/it"}, {"shell": "/bin/bash"},
    {"gecos": "Other"}, {"password_hash": "*"}, {"locked": True}, {"locked": False},
    {"expires": "2040-02-29"}, {"expires": "never"}, {"password_min_days": 3},
    {"password_max_days": -1}, {"password_warn_days": 3}, {"password_inactive_days": 3},
    {"ensure": "absent"}]

ANN = "ann:x:4001:4001::/home/ann:/bin/sh"
IDLE = "ann:*:19000::::::"
GROUPS = {
    "a group": ([ANN], [IDLE], ["it:x:4000:ann"], ["it:!::ann"]),
    "a group, not in gshadow": ([ANN], [IDLE], ["it:x:4000:ann"], []),
    "a group, a member who is gone": ([ANN], [IDLE], ["it:x:4000:ann,ghost"],
                                      ["it:!::ann,ghost"]),
    "a group, a member in gshadow only": ([ANN], [IDLE], ["it:x:4000:"], ["it:!::ann"]),
    "a group, one who is gone in gshadow only": ([ANN], [IDLE], ["it:x:4000:ann"],
                                                 ["it:!::ann,ghost"]),
    "a user's primary group": ([ANN.replace(":4001:4001:", ":4001:4000:")], [IDLE],
                               ["it:x:4000:"], ["it:!::"]),
    "no group": ([ANN], [IDLE], [], []),
    "no group, a line in gshadow": ([ANN], [IDLE], [], ["it:!::ann,ghost"]),
    "no group, its number is a user's": ([ANN.replace(":4001:4001:", ":4001:4000:")], [IDLE],
                                         [], []),
}
GROUP_DESCRIPTIONS = [{}, {"gid": 4000}, {"gid": 4009}, {"members": []}, {"members": ["ann"]},
                      {"members": ["daemon"]}, {"members": ["ghost"]},
                      {"members": ["ann", "ghost"]}, {"members": ["daemon", "ghost"]},
                      {"ensure": "absent"}]

# The cells that are refused; everything else is made.
REFUSED = {
    ("a user with a process", "uid", "4009"): "conflict",
    ("a user with a process", "home", "/srv/it"): "conflict",
    ("a user with a process", "ensure", "absent"): "conflict",
    ("a user's primary group", "ensure", "absent"): "conflict",
}


def refusal(kind, description):
    """The code with which a description is refused where this is, or None."""
    for field, value in description.items():
        if code := REFUSED.get((kind, field, str(value))):
            return code
        if (field, value) == ("groups", ["one"]) and not any(
                line.startswith("one:") for line in USERS[kind][2]):
            return "invalid"
        if (field, value) == ("group", "4000") and (
                kind.startswith("no user") and "it:x:4000:" not in USERS[kind][2]):
            return "invalid"
        if (field, value) == ("locked", False) and kind.startswith("no user"):
            return "invalid"
        if field == "members" and "ghost" in value and (
                kind.startswith("no group") or not any(
                    "ghost" in line for line in GROUPS[kind][2] + GROUPS[kind][3])):
            return "invalid"
    return None


class Accounts(LoneCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bed.run("systemctl", "start", AGENT)
        cls.agent = LocalAgent(cls.bed)
        eventually("the agent answers", cls.answers)
        cls.clean = {name: cls.bed.run("cat", f"/etc/{name}").stdout for name in FILES}

    @classmethod
    def answers(cls):
        try:
            return cls.agent.state("users", "root")
        except (OSError, Refused):
            return None

    def make(self, kind, lines):
        for name, added in zip(FILES, lines):
            write(self.bed, f"/etc/{name}", self.clean[name] + "".join(f"{one}\n" for one in added))
        if kind == "a user with a process":
            self.bed.run("systemd-run", "--unit=busy", "--uid=4000", "--property=Type=exec",
                         "sleep", "infinity")
            self.addCleanup(self.bed.run, "systemctl", "stop", "busy", check=False)

    def snapshot(self):
        """{(file, name): fields}"""
        text = self.bed.run("sh", "-c", "cd /etc; grep -H . passwd shadow group gshadow").stdout
        return {tuple(line.split(":", 2)[:2]): line.split(":")[1:] for line in text.splitlines()}

    def change(self, verb, collection, description):
        entry = {"collection": collection, "id": "it", "description": description, "policy": "off"}
        return self.agent.ask(verb, resources=[entry])["resources"][0]

    @staticmethod
    def told(result):
        return {one["path"]: (one.get("before"), one.get("after")) for one in result["changes"]}

    @staticmethod
    def password(snapshot):
        """As PAM finds it."""
        found = snapshot.get(("passwd", "it"), "--")[1]
        return snapshot.get(("shadow", "it"), "-*")[1] if found == "x" else found

    def user_paths(self, before, after):
        """What a plan must tell, one set of paths a difference of which at least one is told."""
        before, after = ({key: line for key, line in snapshot.items() if key != ("shadow", "it")
                          or ("passwd", "it") in snapshot} for snapshot in (before, after))
        differences = []
        if self.password(before) != self.password(after):
            differences.append({"/ensure", "/password_hash", "/locked"})
        for key in sorted(before.keys() | after.keys()):
            was, now = before.get(key), after.get(key)
            if was == now:
                continue
            if key[0] in ("passwd", "shadow") and was and now:
                places = PASSWD if key[0] == "passwd" else SHADOW
                differences += [places[at] for at in range(2, 8)
                                if was[at:at + 1] != now[at:at + 1] and at in places]
            elif key[0] == "passwd":
                differences.append({"/ensure"})
            elif key[0] == "shadow":
                differences.append({"/ensure", "/password_hash", "/locked"} | AGING)
            elif key[1] == "it" and not (was and now):
                differences.append({"/group"})
            else:
                differences.append({"/groups"})
        return differences

    @staticmethod
    def group_paths(before, after):
        differences = []
        for key in sorted(before.keys() | after.keys()):
            was, now = before.get(key), after.get(key)
            if was == now:
                continue
            if key[0] == "passwd":
                differences.append({"/gid"})
            elif not (was and now):
                differences.append({"/ensure", "/members"} if key[0] == "gshadow" else {"/ensure"})
            elif key == ("gshadow", "it") and ("group", "it") not in before:
                differences.append({"/ensure"})
            else:
                differences += [{{2: "/gid", 3: "/members"}[at]} for at in (2, 3)
                                if was[at] != now[at]]
        return differences

    def cell(self, collection, kind, lines, description):
        """What happens, in a few words."""
        self.make(kind, lines)
        before = self.snapshot()
        plan = self.change("plan", collection, description)
        self.assertEqual(self.snapshot(), before, "a plan changes nothing")
        result = self.change("apply", collection, description)
        after = self.snapshot()
        again = self.change("apply", collection, description)
        self.assertEqual(self.snapshot(), after, "a second apply changes nothing")
        code = refusal(kind, description)
        self.assertEqual((result["error"] or {}).get("code"), code, result)
        if code:
            self.assertEqual(before, after, result)
            self.assertEqual(again["error"], result["error"])
            if plan["error"]:
                self.assertEqual(plan["error"], result["error"])
            else:
                self.assertEqual(code, "invalid", "only another entry's thing may be missing")
            return code
        self.assertIsNone(plan["error"])
        self.assertEqual(self.told(plan), self.told(result))
        self.assertEqual((again["changes"], again["error"]), ([], None))
        paths = self.user_paths if collection == "users" else self.group_paths
        for one_of in paths(before, after):
            self.assertTrue(one_of & self.told(plan).keys(), (one_of, plan["changes"]))
        self.assertEqual(before != after, bool(plan["changes"]))
        self.expect_state(collection, description)
        return " ".join(self.told(plan)) or "as it is"

    def expect_state(self, collection, description):
        if description.get("ensure") == "absent":
            self.assertEqual(self.agent.ask("read", collection=collection, ids=["it"])["items"], [])
            return
        state = self.agent.state(collection, "it")
        for field, value in description.items():
            if field == "group":
                self.assertIn(value, (state["group"], str(state["gid"])))
            elif field == "password_hash":
                self.assertEqual(set(state[field]), {"redacted"})
            else:
                self.assertEqual(state[field], value)

    def walk(self, collection, kinds, descriptions):
        table = {}
        for kind, lines in kinds.items():
            for description in descriptions:
                with self.subTest(kind, **description):
                    try:
                        table[kind, str(description)] = self.cell(collection, kind, lines,
                                                                  description)
                    finally:
                        self.doCleanups()
        for kind in kinds:
            print(f"{kind}:")
            for description in descriptions:
                print(f"  {str(description):36}{table.get((kind, str(description)), '')}")
        self.assertEqual(len(table), len(kinds) * len(descriptions))

    def test_contradictions_of_a_file_are_refused_and_name_both_sides(self):
        self.make("", ([USER], [SHADOWED], ["it:x:4000:", "one:x:4101:"], ["it:!::", "one:!::"]))
        before = self.snapshot()
        user = {"collection": "users", "id": "it", "description": {"groups": ["one"]},
                "policy": "enforce"}
        group = {"collection": "groups", "id": "one", "description": {"members": []},
                 "policy": "enforce"}
        words = 'users it has "one" in /groups, but groups one has no "it" in /members'
        for resources in ([user, group], [group, user]):
            with self.assertRaisesRegex(Refused, f"invalid: .*{words}"):
                self.agent.ask("apply", resources=resources)
            with self.assertRaisesRegex(Refused, words):
                self.agent.ask("plan", resources=resources)
        self.agent.ask("apply", resources=[user])
        during = self.snapshot()
        with self.assertRaisesRegex(Refused, f"{words}: both are enforced"):
            self.agent.ask("apply", resources=[group])
        self.assertEqual(self.snapshot(), during)
        self.agent.ask("apply", resources=[{**user, "description": {"groups": []}}, group])
        self.assertEqual(self.snapshot(), before)
        self.agent.ask("apply", resources=[{**user, "policy": "off"}, {**group, "policy": "off",
                                                                       "description": {}}])

    def test_users_mean_one_thing_wherever_they_are_described(self):
        self.walk("users", USERS, USER_DESCRIPTIONS)

    def test_groups_mean_one_thing_wherever_they_are_described(self):
        self.walk("groups", GROUPS, GROUP_DESCRIPTIONS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
