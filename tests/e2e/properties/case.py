"""The base of the tests that try collections: a host for each class, with two agents on it."""

import json
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


class PropertyCase(unittest.TestCase):
    """The agent looks at nothing but what events tell it, since it sweeps once a day."""

    outside = None  # a folder with plugins; without it the bundled ones
    sweep = "24h"
    kind = "debian"  # of the host's root
    spared = ()      # folders that a plan needs writable
    system = None    # whose settings come first: NAME.SYSTEM.json

    @classmethod
    def setUpClass(cls):
        lab = Lab(installed(), {"all": cls.kind})
        cls.addClassCleanup(lab.close)
        cls.bed, = lab.boot("all")
        cls.give_packages()
        folders = [cls.lay_down(cls.outside) if cls.outside else BUNDLED]
        # They are tried as they are, wherever they reach.
        isolation = {path.name.removesuffix(".manifest.json"): "none"
                     for path in pathlib.Path(cls.outside or "/none").glob("*.manifest.json")}
        write(cls.bed, "/etc/evenkeel/agent.json", json.dumps(
            {"plugin_dirs": folders, "isolation": isolation, "sweep": {"interval": cls.sweep}}))
        cls.bed.run("systemctl", "start", AGENT)
        cls.agent = LocalAgent(cls.bed)
        cls.watch = cls.agent.watch()
        cls.addClassCleanup(cls.watch.close)
        cls.stranger = Stranger(cls.bed, folders, isolation, cls.spared)
        cls.addClassCleanup(cls.stranger.close)

    @classmethod
    def give_packages(cls):
        debs.give(cls.bed, "v1", "v2")

    @classmethod
    def lay_down(cls, folder):
        """Where the plugins of a folder are on the host."""
        there = cls.bed.files / FOLDER[1:]
        there.mkdir(mode=0o755)
        for suffix in ("so", "manifest.json", "sum.json"):
            for file in pathlib.Path(folder).glob(f"*.{suffix}"):
                shutil.copy(file, there)
        return FOLDER

    def suite(self, *event_seconds):
        return Suite(self.agent, self.watch, self.stranger, *event_seconds)

    def collections(self):
        """All that the agent has and can apply, as it tells of them itself."""
        plugins = self.agent.ask("plugins")["plugins"]
        self.assertEqual([one for one in plugins if one["state"] != "loaded"], [])
        return [one["collection"] for one in plugins if "apply" in one["capabilities"]]

    def collection(self, name):
        schema = json.loads(self.agent.ask("schema", collection=name)["schema"])
        return cases.Collection(name, schema,
                                cases.setting_of(name, self.outside, self.system))

    def try_all(self, names):
        """Every field of these collections, and the table of what holds."""
        rows = []
        for name in names:
            collection = self.collection(name)
            self.make_ready(collection.setting.get("prepare", {}))
            found = self.suite().rows(collection)
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
