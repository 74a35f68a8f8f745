"""Every field of every collection: its plan writes nothing, an apply does what was planned and a
second one nothing, drift is seen by an event and repaired, and what is left out stays as it is.

With EVENKEEL_PLUGINS=FOLDER, `Properties` tries the plugins in FOLDER instead of the bundled ones.
"""

import json
import os
import pathlib
import shutil
import unittest

from beds import debs
from beds.lab import Lab
from harness.local_agent import LocalAgent
from harness.system import AGENT, installed, write
from properties import cases, table
from properties.stranger import Stranger
from properties.suite import Suite

BUNDLED = "/usr/lib/evenkeel/plugins"
FOLDER = "/opt/plugins"
PLANTED_SECONDS = 2


class PropertyCase(unittest.TestCase):
    """A host with an agent that nothing but events can make look, since it sweeps once a day."""

    outside = None  # a folder with plugins; without it the bundled ones
    sweep = "24h"

    @classmethod
    def setUpClass(cls):
        lab = Lab(installed())
        cls.addClassCleanup(lab.close)
        cls.bed, = lab.boot("all")
        debs.give(cls.bed, "v1", "v2")
        folders = [cls.lay_down(cls.outside) if cls.outside else BUNDLED]
        write(cls.bed, "/etc/evenkeel/agent.json", json.dumps(
            {"plugin_dirs": folders, "sweep": {"interval": cls.sweep}}))
        cls.bed.run("systemctl", "start", AGENT)
        cls.agent = LocalAgent(cls.bed)
        cls.watch = cls.agent.watch()
        cls.addClassCleanup(cls.watch.close)
        cls.stranger = Stranger(cls.bed, folders)
        cls.addClassCleanup(cls.stranger.close)

    @classmethod
    def lay_down(cls, folder):
        """Where the plugins of a folder are on the host."""
        there = cls.bed.files / FOLDER[1:]
        there.mkdir(mode=0o755)
        for suffix in ("so", "manifest.json", "sum.json"):
            for file in pathlib.Path(folder).glob(f"*.{suffix}"):
                shutil.copy(file, there)
        return FOLDER

    def collections(self):
        """All that the agent has, as it tells of them itself."""
        plugins = self.agent.ask("plugins")["plugins"]
        self.assertEqual([one for one in plugins if one["state"] != "loaded"], [])
        return [one["collection"] for one in plugins]

    def collection(self, name):
        schema = json.loads(self.agent.ask("schema", collection=name)["schema"])
        return cases.Collection(name, schema, cases.setting_of(name, self.outside))


class Properties(PropertyCase):
    outside = os.environ.get("EVENKEEL_PLUGINS")

    def test_every_field_of_every_collection(self):
        suite = Suite(self.agent, self.watch, self.stranger)
        rows = []
        for name in self.collections():
            collection = self.collection(name)
            self.make_ready(collection.setting.get("prepare", {}))
            found = suite.rows(collection)
            rows += found
            for row in found:
                with self.subTest(collection=name, field=row.field):
                    self.assertEqual(row.failed(), [], row.notes)
        print("\n" + table.text(rows), flush=True)
        self.assertEqual(self.agent.ask("status")["found_by_sweep"], 0)

    def make_ready(self, prepare):
        for path, lines in prepare.get("files", {}).items():
            write(self.bed, path, "\n".join(lines) + "\n")
        for argv in prepare.get("run", []):
            self.bed.run(*argv)


PLANTED = os.path.join(os.environ.get("EVENKEEL_BUILD", ""), "tests/support/plugins")


class PlantedDefects(PropertyCase):
    """The suite finds what it is for: a collection for each promise, which breaks that one."""

    outside = PLANTED
    failing = {"sound": set(), "writes": {"pure"}, "lies": {"as planned"},
               "restless": {"idempotent", "omitted"}, "deaf": {"event", "repaired", "omitted"},
               "grasping": {"omitted"}, "boastful": {"idempotent", "quiet",
                             "event", "repaired", "omitted"}}

    def test_each_broken_promise_is_found(self):
        suite = Suite(self.agent, self.watch, self.stranger, PLANTED_SECONDS)
        for name, failing in self.failing.items():
            with self.subTest(name):
                rows = suite.rows(self.collection(name))
                self.assertEqual({one for row in rows for one in row.failed()}, failing,
                                 table.text(rows))

    def test_a_field_without_two_values_fails_unless_its_setting_says_why(self):
        collection = self.collection("sound")
        del collection.properties["text"]["examples"]
        suite = Suite(self.agent, self.watch, self.stranger, PLANTED_SECONDS)
        rows = {row.field: row for row in suite.rows(collection)}
        self.assertEqual(rows["text"].failed(), list(table.PROPERTIES))
        self.assertEqual(rows["color"].failed(), [])

    def test_every_kind_of_writing_is_found_in_a_plan(self):
        for argv, said in [(["touch", "/srv/x"], "openat of /srv/x"),
                           (["chmod", "0644", "/etc/motd"], "fchmodat of /etc/motd"),
                           (["mkdir", "--parents", "/etc"], "mkdir of /etc"),
                           (["systemctl", "daemon-reload"], "calls Reload over D-Bus"),
                           (["systemctl", "start", "dbus"], "calls StartUnit over D-Bus"),
                           (["hostname", "x"], "sethostname("),
                           (["kill", "-HUP", "1"], "kill(1"),
                           (["logger", "x"], "bytes to UNIX")]:
            with self.subTest(argv):
                offences, _ = self.stranger.run_sealed(*argv)
                self.assertTrue(any(said in one for one in offences), offences)
        self.assertFalse((self.bed.files / "srv/x").exists(), "nothing could be written")
        for argv in (["systemctl", "status", "dbus"], ["cat", "/etc/shadow"],
                     ["sh", "-c", "sleep 60 >/dev/null & kill $!"]):
            with self.subTest(argv):
                self.assertEqual(self.stranger.run_sealed(*argv)[0], [])


class Swept(PropertyCase):
    outside = PLANTED
    sweep = "1s"

    def test_drift_that_only_the_sweep_finds_is_no_event(self):
        rows = Suite(self.agent, self.watch, self.stranger).rows(self.collection("deaf"))
        self.assertEqual({one for row in rows for one in row.failed()}, {"event", "omitted"},
                         table.text(rows))
        self.assertIn("seen by sweep", table.text(rows))


if __name__ == "__main__":
    unittest.main(verbosity=2)
