"""A plugin that throws, hangs or answers nonsense is named as the culprit and harms nobody else."""

import os
import pathlib
import shutil
import unittest

from harness.case import SystemCase
from harness.system import AGENT, eventually, main_pid

FOLDER = "/opt/plugins"
BAD = ("throws", "hangs", "nonsense")
# A call to a plugin is given up after a minute.
HANG_SECONDS = 90


class Plugins(SystemCase):
    agent = {"plugin_dirs": ["/usr/lib/evenkeel/plugins", FOLDER],
             "plugins": [{"name": name} for name in ("files", "directories", *BAD)]}

    @classmethod
    def prepare(cls, bed):
        """Lays the bad plugins where the agent's configuration looks for them."""
        built = pathlib.Path(os.environ["EVENKEEL_BUILD"], "tests/e2e/plugins")
        there = bed.files / FOLDER[1:]
        there.mkdir(mode=0o755)
        for name in BAD:
            for suffix in ("so", "manifest.json", "sum.json"):
                shutil.copy(built / f"{name}.{suffix}", there)

    def setUp(self):
        self.pid = main_pid(self.bed(), AGENT)

    def tearDown(self):
        self.assertEqual(main_pid(self.bed(), AGENT), self.pid, "the agent died")

    def put(self, collection, text, rid="note"):
        reply = self.rest.put("web", collection, rid, {"text": text})
        self.assertEqual(reply.status, 200, reply)
        return reply.body

    def assert_blamed(self, command, collection, *words):
        """The command failed, and its error names the plugin and the fault."""
        self.assertEqual(command["state"], "failed", command)
        error = command["resources"][0]["error"]
        for word in (collection, *words):
            self.assertIn(word, error["detail"])

    def assert_serves(self, collection, rid="well"):
        done = self.put(collection, "fine", rid)
        self.assertEqual(done["state"], "succeeded", done)

    def test_an_exception_ends_the_call_and_not_the_agent(self):
        self.assert_blamed(self.put("throws", "exception"), "throws", "the ink is spilt")
        self.assert_blamed(self.put("throws", "number"), "throws")
        self.assert_serves("throws")

    def test_nonsense_is_refused_with_the_rule_that_it_breaks(self):
        for text in ("torn state", "deep state", "name twice", "no pointer", "no value"):
            with self.subTest(text):
                self.assert_blamed(self.put("nonsense", text), "nonsense")
        self.assert_serves("nonsense")

    def test_a_hanging_plugin_is_left_alone_and_the_others_go_on(self):
        hung = self.rest.put("web", "hangs", "note", {"text": "hang"}, wait_s=None)
        self.assertEqual(hung.status, 202, hung)
        self.assert_serves("throws", "meanwhile")
        self.put_done("files", "/etc/meanwhile", {"content": "x\n"}, "enforce")
        since = self.events.mark()
        self.bed().run("rm", "/etc/meanwhile")
        self.wait_event("resource.repaired", "files", "/etc/meanwhile", since)
        found = eventually("the hanging command has ended", lambda: (
            one := self.rest.get(f"/v1/commands/{hung.body['id']}"))["finished_at"] and one,
            HANG_SECONDS)
        self.assert_blamed(found, "hangs")
        told = self.compliance("hangs", "note")
        self.assertEqual((told["status"], told["reason"]), ("unknown", "plugin_hung"))
        again = self.put("hangs", "fine", "other")
        self.assert_blamed(again, "hangs")
        self.assert_serves("throws", "after")
        self.bed().run("systemctl", "restart", AGENT)
        self.pid = main_pid(self.bed(), AGENT)
        eventually("the agent is online", lambda: self.system.is_online("web"))
        self.assert_serves("hangs")


if __name__ == "__main__":
    unittest.main(verbosity=2)
