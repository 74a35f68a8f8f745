"""Plugins' processes on the kernel that Debian's users run: cgroup 2 with all controllers, and
Landlock, neither of which a container has."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from harness.local_agent import LocalAgent, Refused
from harness.lone import LoneCase
from harness.system import AGENT, write
from support.wait import eventually

BUILD = pathlib.Path(os.environ["EVENKEEL_BUILD"])
TEST_PLUGINS = BUILD / "tests/support/plugins"
PLUGIN_TEST = BUILD / "tests/unit/core/plugin/plugin_test"
# As tests/unit/core/plugin/meson.build has it for `plugin_isolated`.
ISOLATED = "-BadWatchTest.*:Remote*:Restarts.*:IdleWork.*:Stored.*:CallMarks.*"
FOLDER = "/opt/plugins"
BAD = ("greedy", "unruly")
BUNDLED = ("directories", "facts", "files", "groups", "packages", "programs", "services", "users")
DROP_INS = "/etc/systemd/system/evenkeel-plugin-.scope.d"
PATIENCE_SECONDS = 1800  # about ten times slower than this machine, and that on a busy one
NOTHING_BOUNDS, NO_LANDLOCK = "nothing bounds", "nothing but its user's rights"


def config(isolated):
    """The agent's configuration, with the bundled plugins in processes of their own or not."""
    return json.dumps({
        "plugin_dirs": ["/usr/lib/evenkeel/plugins", FOLDER],
        "plugins": [{"name": name} for name in (*BUNDLED, *BAD)],
        "isolation": {name: "process" if isolated else "none" for name in BUNDLED}})


def packages_in(folder):
    return sorted(each for each in folder.iterdir() if each.suffix in (".so", ".json"))


class Plugins(LoneCase):
    kinds = {"alone": "vm"}
    config = config(isolated=True)
    agent = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bed.copy([TEST_PLUGINS / f"{name}.{suffix}" for name in BAD
                      for suffix in ("so", "manifest.json", "sum.json")], FOLDER)
        cls.bed.run("systemctl", "start", AGENT, timeout_s=PATIENCE_SECONDS)
        cls.agent = LocalAgent(cls.bed)

    def setUp(self):
        # Five ends in ten minutes hold a plugin: those of the test before do not count any more.
        for name in BAD:
            with contextlib.suppress(Refused):
                self.agent.ask("release", collection=name)
        self.run_long("systemctl", "restart", AGENT)

    def run(self, result=None):
        bad = len(result.errors) + len(result.failures)
        super().run(result)
        if len(result.errors) + len(result.failures) > bad:
            print(f"\n=== after {self.id()}\n{self.bed.journal(AGENT)[-6000:]}", flush=True)

    def run_long(self, *argv, **how):
        return self.bed.run(*argv, timeout_s=PATIENCE_SECONDS, **how)

    def error(self, collection, text, rid="note"):
        """What the error of an apply says; empty: there is none."""
        entry = self.agent.apply(collection, rid, {"text": text})
        return entry["error"]["detail"] if entry.get("error") else ""

    def apply(self, collection, rid, description):
        entry = self.agent.apply(collection, rid, description)
        self.assertIsNone(entry.get("error"), entry)
        return entry

    def told(self, plugin):
        """What the agent says of a plugin's process."""
        plugins = self.agent.ask("plugins")["plugins"]
        return next(each for each in plugins if each["plugin"] == plugin)["process"]

    def process(self, plugin):
        """The same, once it runs."""
        def running():
            found = self.told(plugin)
            return found["pid"] and found
        return eventually(f"{plugin} runs", running, PATIENCE_SECONDS)

    def end(self, plugin):
        self.error(plugin, "kill")
        with contextlib.suppress(Refused):  # unless it has ended too often
            self.agent.ask("release", collection=plugin)

    def group(self, plugin):
        """The folder of a plugin's control group. On a machine as slow as this systemd may not
        have the time to make one, which the process goes without."""
        def bounded():
            process = self.process(plugin)
            if NOTHING_BOUNDS not in str(process["notes"]):
                return process
            return self.end(plugin)
        pid = eventually(f"{plugin} is bounded", bounded, PATIENCE_SECONDS)["pid"]
        # "0::/system.slice/NAME.scope"
        return "/sys/fs/cgroup" + self.bed.run("cat", f"/proc/{pid}/cgroup").stdout.strip()[3:]

    def start_anew(self, plugin):
        """Ends a plugin's process and returns the folder of the group of the next one."""
        self.end(plugin)
        return self.group(plugin)

    def said(self, group, *files):
        return [self.bed.run("cat", f"{group}/{name}").stdout.strip() for name in files]

    def counted(self, group, file, name):
        """The value of a line "NAME VALUE" of a file of a control group."""
        lines = dict(line.split() for line in self.said(group, file)[0].splitlines())
        return int(lines[name])

    def hosts_of_plugins(self):
        done = self.bed.run("pgrep", "-f", "^evenkeel-plugin-host", check=False)
        return set(done.stdout.split())

    def of_user(self, user):
        done = self.bed.run("ps", "-u", str(user), "-o", "pid=", check=False)
        return len(done.stdout.split())

    def test_this_kernel_has_both(self):
        self.assertEqual(self.bed.run("stat", "-fc", "%T", "/sys/fs/cgroup").stdout, "cgroup2fs\n")
        self.assertIn("landlock", self.bed.run("cat", "/sys/kernel/security/lsm").stdout)

    def test_nothing_is_missing_that_bounds_a_stranger(self):
        for plugin in BAD:
            self.group(plugin)
            self.assertNotIn(NO_LANDLOCK, str(self.process(plugin)["notes"]))
        self.assertEqual(
            self.said(self.group("greedy"), "pids.max", "memory.max", "memory.swap.max", "cpu.max",
                      "cpu.weight"),
            ["512", str(768 << 20), "0", "100000 100000", "20"])

    def test_a_drop_in_changes_the_bounds_which_hold(self):
        write(self.bed, f"{DROP_INS}/less.conf",
              "[Scope]\nTasksMax=60\nMemoryMax=300M\nCPUQuota=20%\nCPUWeight=10\n")
        self.addCleanup(self.bed.run, "sh", "-c", f"rm -r {DROP_INS}; systemctl daemon-reload")
        self.bed.run("systemctl", "daemon-reload")
        group = self.start_anew("greedy")
        self.assertEqual(
            self.said(group, "pids.max", "memory.max", "memory.swap.max", "cpu.max", "cpu.weight"),
            ["60", str(300 << 20), "0", "20000 100000", "10"])
        self.assertIn("fork: Resource temporarily unavailable", self.error("greedy", "escape"))
        self.assertEqual(self.said(group, "pids.current"), ["60"])
        self.assertGreater(self.counted(group, "pids.events", "max"), 0)
        group = self.start_anew("greedy")
        self.error("greedy", "processor")
        eventually("it waits for its share", lambda:
                   self.counted(group, "cpu.stat", "nr_throttled"), PATIENCE_SECONDS)

    def test_processes_without_end_end_with_the_plugin(self):
        self.group("greedy")
        user = self.process("greedy")["user"]
        self.assertIn("fork: Resource temporarily unavailable", self.error("greedy", "escape"))
        self.assertGreater(self.of_user(user), 100)
        self.assertIn("signal 9", self.error("greedy", "kill"))
        eventually("all have ended", lambda: self.of_user(user) <= 1, PATIENCE_SECONDS)
        self.assertEqual(self.error("greedy", "fine"), "")
        self.assertIn("signal 9", self.process("greedy")["last_end"])

    def test_more_memory_than_its_group_has_ends_it_and_is_said(self):
        words = "more memory than the 768 MiB"
        self.group("greedy")
        self.assertIn(words, self.error("greedy", "memory"))
        self.assertIn(words, self.process("greedy")["last_end"])
        self.assertIn("it or a program of it was ended: " + words, self.bed.journal(AGENT))
        self.assertEqual(self.error("greedy", "fine"), "")
        # Alone it may not have as much.
        self.assertIn("bad_alloc", self.error("unruly", "memory"))

    def test_one_that_keeps_a_processor_busy_is_ended(self):
        before = self.process("greedy")["pid"]
        self.error("greedy", "processor")
        eventually("it is ended", lambda: "kept a processor busy" in
                   (self.told("greedy")["last_end"] or ""), PATIENCE_SECONDS)
        self.assertEqual(self.error("greedy", "fine"), "")
        self.assertNotEqual(self.process("greedy")["pid"], before)

    def test_it_opens_what_its_user_may_read_only_where_programs_need_it(self):
        resolver = "/run/resolvconf/resolv.conf"
        for path in ("/srv/seen", "/tmp/seen", resolver):
            write(self.bed, path, "for all to read\n")
        self.bed.run("chmod", "0666", "/dev/kmsg")
        self.start_anew("greedy")
        for path in ("/etc/hostname", "/proc/1/status", "/sys/kernel/uevent_seqnum",
                     "/run/systemd/units", "/usr/bin/true", "/dev/null", "/dev/zero", "/dev/full",
                     "/dev/random", "/dev/urandom", f"{FOLDER}/greedy.so"):
            self.assertEqual(self.error("greedy", f"open {path}"), "", path)
        for path in ("/srv/seen", "/tmp/seen", resolver, "/dev/kmsg", "/dev/ptmx", "/home",
                     f"{FOLDER}/unruly.so", "/run/evenkeel", "/boot"):
            self.assertIn("open: Permission denied", self.error("greedy", f"open {path}"), path)

    def test_bundled_ones_work_in_processes_of_their_own(self):
        for plugin in BUNDLED:
            self.assertNotIn(NO_LANDLOCK, str(self.process(plugin)["notes"]))
        self.apply("files", "/etc/shown.conf", {"content": "x\n", "owner": "alice"})
        self.apply("directories", "/srv/shown", {"mode": "0750"})
        self.apply("groups", "shown", {})
        self.apply("users", "carol", {"groups": ["shown"]})
        self.assertIn("shown", self.bed.run("id", "carol").stdout)
        self.apply("services", "ssh", {"running": True})
        self.assertIsNotNone(self.agent.state("packages", "openssh-server"))
        # Whom Landlock limits mounts nothing.
        self.apply("programs", "mounts", {"command": ["/bin/mount", "-t", "tmpfs", "x", "/mnt"]})
        self.bed.run("umount", "/mnt")

    def test_the_agents_files_are_hidden_and_count_as_no_disk(self):
        self.assertIsNone(self.agent.state("files", "/etc/evenkeel/agent.json"))
        self.assertIsNotNone(self.agent.state("files", "/etc/hostname"))
        disks = self.agent.state("facts", "machine")["disks"]
        self.assertIn("/", disks)
        self.assertFalse([path for path in disks if "evenkeel" in path])

    def test_the_end_of_the_agent_is_the_end_of_all_that_it_has_started(self):
        self.group("greedy")
        user = self.process("greedy")["user"]
        self.assertIn("fork: Resource", self.error("greedy", "escape"))
        before = self.hosts_of_plugins()
        self.bed.run("systemctl", "kill", "--signal=KILL", AGENT)
        eventually("all have ended", lambda: self.of_user(user) <= 1 and
                   not before & self.hosts_of_plugins(), PATIENCE_SECONDS)
        eventually("the agent serves again", lambda: self.error("greedy", "fine") == "",
                   PATIENCE_SECONDS)

    def configure(self, text):
        write(self.bed, "/etc/evenkeel/agent.json", text)
        self.run_long("systemctl", "restart", AGENT)

    def test_bundled_ones_work_in_the_agent(self):
        self.addCleanup(self.configure, self.config)
        self.configure(config(isolated=False))
        self.apply("files", "/etc/within.conf", {"content": "x\n", "owner": "alice"})
        self.apply("programs", "within", {"command": ["/bin/true"]})
        self.group("greedy")

    def test_the_unit_tests_of_plugins_pass(self):
        program, host = PLUGIN_TEST, BUILD / "core/agent/evenkeel-plugin-host"
        if not program.exists():
            self.skipTest(f"{program} is not built here")
        for folder in (TEST_PLUGINS, TEST_PLUGINS / "hostile", BUILD / "sdk/template"):
            self.bed.copy(packages_in(folder), str(folder))
        with tempfile.TemporaryDirectory() as light:
            for each in (program, host):
                subprocess.run(["strip", "-o", f"{light}/{each.name}", each], check=True)
                self.bed.copy([f"{light}/{each.name}"], str(each.parent))
        # Those in the agent's process have nothing to do with the kernel; and to take all memory
        # lasts longer here than a call may: the test of memory above waits for it.
        for argv in ([program, "--gtest_filter=Remote*-*.MemoryProcessesAndPrintingAreBounded"],
                     ["env", f"EK_TEST_PLUGIN_HOST={host}", program, f"--gtest_filter={ISOLATED}"]):
            with self.subTest(argv[-1]):
                # They expect to run in no service of systemd.
                done = self.run_long("systemd-run", "--scope", "--quiet", *map(str, argv),
                                     check=False)
                self.assertEqual(done.returncode, 0, done.stdout[-8000:] + done.stderr[-3000:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
