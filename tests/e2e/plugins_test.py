"""A plugin that throws, hangs or answers nonsense is named as the culprit and harms nobody else."""

import os
import pathlib
import re
import threading
import unittest

from harness.case import SystemCase
from harness.events import about
from harness.system import AGENT, main_pid
from support.wait import eventually

FOLDER = "/opt/plugins"
BAD = ("throws", "hangs", "nonsense", "unruly", "greedy")
SILENCE_SECONDS = 5
HANG_SECONDS = 20
CONTROLLERS = ("pids", "memory")


def agent_with(isolation):
    return {"plugin_dirs": ["/usr/lib/evenkeel/plugins", FOLDER],
            "plugins": [{"name": "files"}, {"name": "directories"},
                        *({"name": name, "isolation": isolation} for name in BAD)],
            "calls": {"silence": f"{SILENCE_SECONDS}s"}}


def give_controllers(bed):
    """Lets the host's systemd bound what it starts, as on a machine that is no container. (With
    cgroup 2 alone the beds have none to give.)"""
    for tree in (f"/sys/fs/cgroup/{name}" for name in CONTROLLERS):
        if bed.run("mountpoint", "-q", tree, check=False).returncode == 0:
            bed.run("mount", "-o", "remount,bind,rw", tree)
    bed.run("systemctl", "daemon-reexec")


class Cases(SystemCase):

    @classmethod
    def prepare(cls, bed):
        """Lays the bad plugins where the agent's configuration looks for them."""
        give_controllers(bed)
        built = pathlib.Path(os.environ["EVENKEEL_BUILD"], "tests/support/plugins")
        bed.copy([built / f"{name}.{suffix}" for name in BAD
                  for suffix in ("so", "manifest.json", "sum.json")], FOLDER)

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

    def process(self, plugin):
        """What the agent says of a plugin's process, once it runs."""
        def running():
            plugins = self.system.agent("web", "plugins")[1]["plugins"]
            found = next(each for each in plugins if each["collection"] == plugin)["process"]
            return found["pid"] and found
        return eventually(f"{plugin} runs", running)

    def group(self, plugin):
        """The control group of a plugin's process."""
        pid = self.process(plugin)["pid"]
        return self.bed().run("cat", f"/proc/{pid}/cgroup").stdout

    def has(self, controller):
        """Whether this bed has a controller (of cgroup 1) to give."""
        return f":{controller}:" in self.group("greedy")

    def scope(self, plugin):
        """The unit of systemd that holds a plugin's process."""
        return re.search(rf"evenkeel-plugin-{plugin}-\d+-\d+\.scope", self.group(plugin)).group()

    def processes_of(self, user):
        """How many processes a user has."""
        done = self.bed().run("ps", "-u", str(user), "-o", "pid=", check=False)
        return len(done.stdout.split())

    def test_a_process_is_in_a_group_of_its_own_with_a_user_of_its_own(self):
        greedy, unruly = self.process("greedy"), self.process("unruly")
        self.assertNotEqual(greedy["user"], unruly["user"])
        self.assertIn(f"-{greedy['pid']}-", self.scope("greedy"))
        for name, process in (("greedy", greedy), ("unruly", unruly)):
            folder = f"/var/lib/evenkeel/agent/plugins/{name}"
            self.assertEqual(self.bed().run("stat", "--format=%u", folder).stdout.strip(),
                             str(process["user"]))
        shown = self.bed().run("systemctl", "show", "-p", "TasksMax,MemoryMax,CPUQuotaPerSecUSec",
                               self.scope("greedy")).stdout
        for line in ("TasksMax=512", f"MemoryMax={768 << 20}", "CPUQuotaPerSecUSec=1s"):
            self.assertIn(line, shown.split())
        for controller in CONTROLLERS:
            lacks = [note for note in greedy["notes"] if f" {controller}" in note]
            self.assertEqual(bool(lacks), not self.has(controller), greedy["notes"])

    def test_processes_without_end_end_with_the_plugin_and_others_go_on(self):
        process = self.process("greedy")
        self.assert_failed(self.put("greedy", "escape"), "fork")
        self.assertGreater(self.processes_of(process["user"]), 100)
        self.assert_serves("throws", "meanwhile")
        self.put("greedy", "kill")
        eventually("all have ended", lambda: self.processes_of(process["user"]) <= 1)
        self.assertIn("signal 9", self.process("greedy")["last_end"])
        self.assert_serves("greedy")

    def test_one_that_takes_all_memory_fails_alone(self):
        self.assert_failed(self.put("unruly", "memory"), "bad_alloc")
        self.assert_serves("throws", "meanwhile")
        self.assert_serves("unruly")

    def test_programs_that_take_all_memory_together_fail_alone(self):
        if not self.has("memory"):
            self.skipTest("this bed has no controller of memory to give: vm_test.py shows it")
        self.assert_failed(self.put("greedy", "memory"), "a program was ended by signal 9")
        self.assert_serves("throws", "meanwhile")
        self.assert_serves("greedy")

    def test_one_that_keeps_a_processor_busy_is_ended_and_serves_again(self):
        self.assert_serves("greedy")
        before = self.process("greedy")["pid"]
        # So that it gets what it takes on a busy machine too.
        self.bed().run("renice", "-n", "-10", "-g", str(before))
        self.put("greedy", "processor")
        self.assert_serves("throws", "meanwhile")
        eventually("it is ended", lambda: "kept a processor busy" in
                   (self.process("greedy")["last_end"] or ""), 60)
        self.assert_serves("greedy")
        self.assertNotEqual(self.process("greedy")["pid"], before)

    def test_what_it_has_started_ends_with_the_agent_too(self):
        user = self.process("greedy")["user"]
        self.assert_failed(self.put("greedy", "escape"), "fork")
        self.system.kill(self.bed(), AGENT)
        self.pid = main_pid(self.bed(), AGENT)
        eventually("all have ended", lambda: self.processes_of(user) <= 1)
        eventually("the agent is online", lambda: self.system.is_online("web"))
        self.assert_serves("greedy")


del Cases

if __name__ == "__main__":
    unittest.main(verbosity=2)
