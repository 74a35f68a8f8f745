"""A plugin that throws, hangs or answers nonsense is named as the culprit and harms nobody else."""

import os
import pathlib
import shutil
import threading
import unittest

from harness.case import SystemCase
from harness.events import about
from harness.system import AGENT, main_pid
from support.wait import eventually

FOLDER = "/opt/plugins"
BAD = ("throws", "hangs", "nonsense")
SILENCE_SECONDS = 5
HANG_SECONDS = 20


def agent_with(isolation):
    return {"plugin_dirs": ["/usr/lib/evenkeel/plugins", FOLDER],
            "plugins": [{"name": "files"}, {"name": "directories"},
                        *({"name": name, "isolation": isolation} for name in BAD)],
            "calls": {"silence": f"{SILENCE_SECONDS}s"}}


class Cases(SystemCase):

    @classmethod
    def prepare(cls, bed):
        """Lays the bad plugins where the agent's configuration looks for them."""
        built = pathlib.Path(os.environ["EVENKEEL_BUILD"], "tests/support/plugins")
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

    def assert_failed(self, command, *words):
        """The command failed, and its error says these words."""
        self.assertEqual(command["state"], "failed", command)
        error = command["resources"][0]["error"]
        for word in words:
            self.assertIn(word, error["detail"])
        return error["code"]

    def assert_serves(self, collection, rid="well"):
        done = self.put(collection, "fine", rid)
        self.assertEqual(done["state"], "succeeded", done)

    def test_an_exception_ends_the_call_and_not_the_agent(self):
        thrown = self.put("throws", "exception")
        words = ("threw", "throws 1.2.3", "forgot something")
        self.assertEqual(self.assert_failed(thrown, *words), "internal")
        self.assertEqual(self.assert_failed(self.put("throws", "number"), "threw"), "internal")
        self.assert_serves("throws")

    def test_nonsense_is_refused_with_the_rule_that_it_breaks(self):
        for text in ("torn state", "deep state", "name twice", "no pointer", "no value",
                     "two states", "unknown path", "wrong outcome"):
            with self.subTest(text):
                self.assertEqual(self.assert_failed(self.put("nonsense", text), "nonsense"),
                                 "internal")
        self.assert_serves("nonsense")


class InTheAgent(Cases):
    agent = agent_with("none")

    def test_a_hanging_plugin_is_left_alone_and_the_others_go_on(self):
        self.assert_serves("hangs")
        self.put_done("files", "/etc/meanwhile", {"content": "x\n"}, "enforce")
        path = self.rest.resource_path("web", "hangs", "other")
        put = threading.Thread(target=self.rest.call, args=(
            "PUT", path, {"description": {"text": "hang"}}))
        put.start()
        self.addCleanup(put.join)
        since = self.events.mark()
        self.bed().run("rm", "/etc/meanwhile")
        self.wait_event("resource.repaired", "files", "/etc/meanwhile", since)
        self.assert_serves("throws", "meanwhile")
        self.events.wait(about("resource.unknown", self.id_of(), "hangs", "well"), HANG_SECONDS,
                         since, "plugin_hung")
        told = self.compliance("hangs", "well")
        self.assertEqual((told["status"], told["reason"]), ("unknown", "plugin_hung"))
        self.assert_failed(self.put("hangs", "fine", "more"), "hangs")
        self.assert_serves("throws", "after")
        self.bed().run("systemctl", "restart", AGENT)
        self.pid = main_pid(self.bed(), AGENT)
        eventually("the agent is online", lambda: self.system.is_online("web"))
        self.assert_serves("hangs")


class InProcessesOfTheirOwn(Cases):
    agent = agent_with("process")

    def test_a_hanging_plugin_is_ended_and_serves_again(self):
        self.assert_serves("hangs")
        self.assertEqual(self.assert_failed(self.put("hangs", "hang"), "hangs"), "timeout")
        self.assert_serves("throws", "after")
        self.assert_serves("hangs")


del Cases

if __name__ == "__main__":
    unittest.main(verbosity=2)
