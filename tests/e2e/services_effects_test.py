"""Plans of services tell everything: kinds of units by single fields, all that differs afterwards.

Each cell makes the unit anew, plans and applies one field, and compares all links below
/etc/systemd/system and /run/systemd/system and the active state of every unit before and after with
what the plan said; a second apply has nothing left to do. The table that is printed has no empty
cell.
"""

import json
import unittest

from harness.lone import LoneCase
from harness.system import AGENT, write

UNITS = "/usr/lib/systemd/system"
ETC = "/etc/systemd/system"
RUNS = "[Service]\nExecStart=/usr/bin/sleep infinity\n"
WANTED = "[Install]\nWantedBy=multi-user.target\n"
FIELDS = [(name, value) for name in ("running", "enabled", "masked") for value in (True, False)]

# By kind: its id, and the files and commands that make it.
KINDS = {
    "plain": ("pt-a", {f"{UNITS}/pt-a.service": RUNS + WANTED}, []),
    "instance": ("pt-a@one", {f"{UNITS}/pt-a@.service": RUNS + WANTED}, []),
    "with an alias": ("pt-a", {f"{UNITS}/pt-a.service": RUNS + WANTED + "Alias=pt-nick.service\n"},
                      []),
    "alias": ("pt-nick", {f"{UNITS}/pt-a.service": RUNS + WANTED + "Alias=pt-nick.service\n"},
              [["systemctl", "enable", "pt-a"]]),
    "static": ("pt-a", {f"{UNITS}/pt-a.service": RUNS}, []),
    "generated": ("pt-a", {
        "/etc/systemd/system-generators/pt-generator":
            f"#!/bin/sh\nprintf '{RUNS}' >$1/pt-a.service\n"}, []),
    "masked": ("pt-a", {f"{UNITS}/pt-a.service": RUNS + WANTED}, [["systemctl", "mask", "pt-a"]]),
    "transient": ("pt-a", {}, [["systemd-run", "--unit=pt-a", "sleep", "infinity"]]),
    "also only": ("pt-a", {f"{UNITS}/pt-a.service": RUNS + "[Install]\nAlso=pt-b.service\n",
                           f"{UNITS}/pt-b.service": RUNS + WANTED}, []),
    "also": ("pt-a", {f"{UNITS}/pt-a.service": RUNS + WANTED + "Also=pt-b.service\n",
                      f"{UNITS}/pt-b.service": RUNS + WANTED}, []),
    "requires": ("pt-a", {
        f"{UNITS}/pt-a.service": "[Unit]\nRequires=pt-b.service\nWants=pt-c.target\n" + RUNS
                                 + WANTED,
        f"{UNITS}/pt-b.service": "[Unit]\nWants=pt-d.service\n" + RUNS,
        f"{UNITS}/pt-c.target": "[Unit]\n", f"{UNITS}/pt-d.service": RUNS}, []),
    "required": ("pt-a", {
        f"{UNITS}/pt-a.service": RUNS + WANTED,
        f"{UNITS}/pt-b.service": "[Unit]\nRequires=pt-a.service\n" + RUNS,
        f"{UNITS}/pt-c.service": "[Unit]\nPartOf=pt-a.service\n" + RUNS},
                 [["systemctl", "start", "pt-b", "pt-c"]]),
    "conflicts": ("pt-a", {
        f"{UNITS}/pt-a.service": "[Unit]\nConflicts=pt-b.service\n" + RUNS + WANTED,
        f"{UNITS}/pt-b.service": RUNS,
        f"{UNITS}/pt-c.service": "[Unit]\nBindsTo=pt-b.service\n" + RUNS},
                  [["systemctl", "stop", "pt-a"], ["systemctl", "start", "pt-c"]]),
    "by a socket": ("pt-a", {
        f"{UNITS}/pt-a.service": RUNS + "[Install]\nAlso=pt-a.socket\nWantedBy=multi-user.target\n",
        f"{UNITS}/pt-a.socket": "[Socket]\nListenStream=/run/pt-a\n"
                                "[Install]\nWantedBy=sockets.target\n"}, []),
    "/etc over /usr": ("pt-a", {f"{UNITS}/pt-a.service": RUNS + WANTED,
                                f"{ETC}/pt-a.service": RUNS + WANTED}, []),
    "file gone, runs": ("pt-a", {f"{UNITS}/pt-a.service": RUNS + WANTED},
                        [["systemctl", "start", "pt-a"], ["rm", f"{UNITS}/pt-a.service"],
                         ["systemctl", "daemon-reload"]]),
    "file gone, not reloaded": ("pt-a", {f"{UNITS}/pt-a.service": RUNS + WANTED},
                                [["systemctl", "start", "pt-a"],
                                 ["rm", f"{UNITS}/pt-a.service"]]),
    "only a mask": ("pt-a", {}, [["systemctl", "mask", "pt-a"]]),
    "only a link": ("pt-a", {}, [
        ["mkdir", "-p", f"{ETC}/multi-user.target.wants"],
        ["ln", "-s", f"{UNITS}/pt-a.service", f"{ETC}/multi-user.target.wants/pt-a.service"],
        ["systemctl", "daemon-reload"]]),
    "nothing": ("pt-a", {}, []),
}
# What cannot be brought into another state first.
AS_MADE = {"transient", "alias", "file gone, runs", "file gone, not reloaded", "only a mask",
           "only a link", "nothing", "masked"}


class ServicesEffects(LoneCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bed.run("systemctl", "start", AGENT)

    def make(self, kind, field, value):
        """The unit of this kind, where it can be with the opposite of what will be described."""
        rid, files, commands = KINDS[kind]
        for path, text in files.items():
            write(self.bed, path, text)
            if "generators" in path:
                self.bed.run("chmod", "755", path)
        self.bed.run("systemctl", "daemon-reload")
        for argv in commands:
            self.bed.run(*argv)
        if kind in AS_MADE:
            return rid
        verb = {("running", True): "stop", ("running", False): "start",
                ("enabled", True): "disable", ("enabled", False): "enable",
                ("masked", True): "unmask", ("masked", False): "mask"}[field, value]
        if kind != "conflicts" or verb != "start":
            self.bed.run("systemctl", verb, rid, check=False)
        if kind == "required" and (field, value) == ("running", False):
            self.bed.run("systemctl", "start", "pt-b", "pt-c")
        return rid

    def clear(self):
        self.bed.run("sh", "-c", f"""
            systemctl stop 'pt-*.socket' 'pt-*.service' 'pt-*.target'
            rm -rf {UNITS}/pt-* {ETC}/pt-* /run/systemd/system/pt-* \\
                /etc/systemd/system-generators
            find {ETC} -name 'pt-*' -delete
            systemctl daemon-reload
            systemctl reset-failed""", check=False)
        self.bed.run(AGENT, "forget", "services", "pt-a", check=False)

    def snapshot(self):
        links = self.bed.run("find", ETC, "/run/systemd/system", "-type", "l", "-printf",
                             "%p %l\\n", check=False).stdout.splitlines()
        units = self.bed.run("systemctl", "list-units", "--all", "--plain", "--no-legend",
                             "--full").stdout.splitlines()
        active = {line.split()[0]: line.split()[2] in ("active", "activating", "reloading")
                  for line in units}
        return set(links), {unit for unit, is_up in active.items() if is_up}

    def change(self, verb, rid, description):
        write(self.bed, "/root/wanted.json", json.dumps({"resources": [
            {"collection": "services", "id": rid, "description": description,
             "policy": "off"}]}))
        done = self.bed.run(AGENT, verb, "/root/wanted.json", check=False)
        return json.loads(done.stdout)["resources"][0]

    @staticmethod
    def told(result):
        return {one["path"]: (one.get("before"), one.get("after")) for one in result["changes"]}

    def expect_as_told(self, rid, changes, before, after):
        """All that differs is in the plan, and all that is in the plan differs."""
        links, units = before[0] ^ after[0], before[1] ^ after[1]
        named = set()
        for path, member in (("/also_starts", after), ("/also_stops", before)):
            for unit in changes.get(path, (None, []))[1]:
                self.assertIn(unit, member[1])
                named.add(unit)
        if "/running" in changes:
            named.add(f"{rid}.service")
        self.assertEqual(units, named)
        was, will = changes.get("/links", ([], []))
        paths = set(was) ^ set(will)
        if "/masked" in changes:
            paths.add(f"{ETC}/{rid}.service")
        self.assertEqual({link.split()[0] for link in links}, paths)

    def cell(self, kind, field, value):
        """What happens, in a few words."""
        rid = self.make(kind, field, value)
        before = self.snapshot()
        plan = self.change("plan", rid, {field: value})
        self.assertEqual(self.snapshot(), before, "a plan changes nothing")
        result = self.change("apply", rid, {field: value})
        after = self.snapshot()
        again = self.change("apply", rid, {field: value})
        self.assertEqual(self.snapshot(), after, "a second apply changes nothing")
        if result["error"]:
            self.assertEqual(before, after, result)
            self.assertEqual(again["error"], result["error"])
            if plan["error"]:
                self.assertEqual(plan["error"], result["error"])
            else:
                self.assertEqual(kind in ("nothing", "only a link"), True, (plan, result))
            return result["error"]["code"]
        self.assertIsNone(plan["error"])
        self.assertEqual(self.told(plan), self.told(result))
        self.assertEqual((again["changes"], again["error"]), ([], None))
        self.expect_as_told(rid, self.told(plan), before, after)
        return " ".join(self.told(plan)) or "as it is"

    def test_what_differs_is_what_the_plan_said(self):
        table = {}
        for kind in KINDS:
            for field, value in FIELDS:
                with self.subTest(kind, **{field: value}):
                    try:
                        table[kind, field, value] = self.cell(kind, field, value)
                    finally:
                        self.clear()
        for kind in KINDS:
            print(f"{kind}:")
            for field, value in FIELDS:
                print(f"  {field}: {str(value).lower():6}{table.get((kind, field, value), '')}")
        self.assertEqual(len(table), len(KINDS) * len(FIELDS))

    def test_absent_ends_what_is_left_and_nothing_else(self):
        for kind, code in (("plain", "unsupported"), ("masked", "unsupported"),
                           ("transient", None), ("file gone, runs", None),
                           ("file gone, not reloaded", None),
                           ("only a mask", None), ("only a link", None), ("nothing", None)):
            with self.subTest(kind):
                rid = self.make(kind, "enabled", True)
                before = self.snapshot()
                plan = self.change("plan", rid, {"ensure": "absent"})
                result = self.change("apply", rid, {"ensure": "absent"})
                self.assertEqual((result["error"] or {}).get("code"), code, result)
                self.assertEqual(self.told(plan), self.told(result))
                again = self.change("apply", rid, {"ensure": "absent"})
                self.assertEqual(again["changes"], [])
                if code is None:
                    self.expect_as_told(rid, self.told(plan), before, self.snapshot())
                self.clear()


if __name__ == "__main__":
    unittest.main(verbosity=2)
