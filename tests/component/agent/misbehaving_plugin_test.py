#!/usr/bin/env python3
"""Plugins that end or stop the process in which they run, with the real program.

usage: misbehaving_plugin_test.py AGENT PLUGIN_DIR TEST_PLUGIN_DIR
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support.wait import WAIT_SECONDS, eventually  # noqa: E402

AGENT, PLUGINS, TEST_PLUGINS = (os.path.abspath(path) for path in sys.argv[1:4])


class Misbehaving(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ek-misbehaving-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.config = self.folder / "agent.json"
        self.configure("8s")
        self.process = None
        self.addCleanup(self.kill)

    def configure(self, silence):
        self.config.write_text(json.dumps({
            "state_dir": str(self.folder / "state"),
            "socket": str(self.folder / "run" / "agent.sock"),
            "plugin_dirs": [PLUGINS], "calls": {"silence": silence},
            "plugins": [{"name": name} for name in ("files", "misbehaves", "memory")],
            "isolation": {"misbehaves": "none", "memory": "none"}}))

    def command(self, *argv):
        return [AGENT, "--config", str(self.config), "--plugin-dir", PLUGINS,
                "--plugin-dir", TEST_PLUGINS, *argv]

    def start(self, defect=""):
        """Whether the daemon became ready; else it has ended."""
        read, write = os.pipe()
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command("run", "--ready-fd", str(write)),
                                            pass_fds=[write], stderr=log, stdout=log,
                                            env={**os.environ, "EK_TEST_DEFECT": defect})
        os.close(write)
        with os.fdopen(read) as ready:
            if ready.readline():
                return True
        code = self.process.wait(WAIT_SECONDS)
        self.process = None
        self.assertEqual(code == 0, "_exit" in defect)
        return False

    def log(self):
        return (self.folder / "log").read_text(encoding="utf-8")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait(WAIT_SECONDS)
            self.process = None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(WAIT_SECONDS)
        self.process = None

    def ask(self, *argv):
        done = subprocess.run(self.command(*argv), capture_output=True, text=True, check=False,
                              timeout=WAIT_SECONDS, env={**os.environ, "EK_TEST_DEFECT": ""})
        return done.returncode, json.loads(done.stdout)

    def plugin(self, name):
        return next(each for each in self.ask("plugins")[1]["plugins"]
                    if each["collection"] == name)

    def held_after(self, ends, defect, call):
        """The agent ends so often, then it starts without the plugin, names it, and lets it in."""
        for end in range(ends):
            self.assertFalse(self.start(defect), (end, defect, self.log()))
        self.assertTrue(self.start(defect), self.log())
        found = self.plugin("misbehaves")
        self.assertEqual(found["state"], "out_of_order", found)
        for part in (call, "misbehaves 1.2.3", "plugins --release misbehaves"):
            self.assertIn(part, found["reason"])
        self.assertEqual(self.plugin("files")["state"], "loaded")
        self.assertEqual(self.ask("read", "files", "/etc/passwd")[0], 0)
        self.assertEqual(self.ask("plugins", "--release", "misbehaves")[0], 0)
        self.stop()
        self.assertTrue(self.start(), self.log())
        self.assertEqual(self.plugin("misbehaves")["state"], "loaded")

    def test_a_crash_while_it_is_loaded_or_opened_is_known_at_the_next_start(self):
        for defect, call in (("load crash", "loading"), ("module crash", "loading"),
                             ("open crash", "opening of the collection")):
            with self.subTest(defect):
                self.held_after(1, defect, call)
                self.stop()

    def test_an_exit_while_it_is_loaded_or_opened_counts_to_three(self):
        for defect, call in (("load exit", "loading"), ("open exit", "opening of the collection"),
                             ("open _exit", "opening of the collection")):
            with self.subTest(defect):
                self.held_after(3, defect, call)
                self.stop()

    def described(self, text, name="one"):
        wanted = self.folder / "wanted.json"
        wanted.write_text(json.dumps({"resources": [
            {"collection": "misbehaves", "id": name, "description": {"text": text}}]}))
        return str(wanted)

    def ends_within(self, defect):
        """It may become ready before the first check ends it."""
        if self.start(defect):
            self.assertNotEqual(self.process.wait(WAIT_SECONDS), 0)
            self.process = None

    def test_an_exit_in_a_check_of_what_is_described_counts_to_three_too(self):
        self.assertTrue(self.start())
        self.assertEqual(self.ask("apply", self.described("x"))[0], 0)
        self.stop()
        for _ in range(3):
            self.ends_within("read exit")
        self.assertTrue(self.start("read exit"), self.log())
        found = self.plugin("misbehaves")
        self.assertEqual(found["state"], "out_of_order", self.log())
        self.assertIn("was ended by exit() 3 times in a row in the check of one", found["reason"])
        self.assertEqual(self.ask("check")[1]["resources"][0]["compliance"]["reason"],
                         "plugin_hung")

    def test_a_watch_that_crashes_is_known_at_the_next_start(self):
        self.assertTrue(self.start())
        subprocess.run(self.command("apply", self.described("x", "broken")), check=False,
                       capture_output=True, timeout=WAIT_SECONDS)
        self.assertNotEqual(self.process.wait(WAIT_SECONDS), 0)
        self.assertTrue(self.start(), self.log())
        self.assertIn("watch_ready", self.plugin("misbehaves")["reason"])

    def test_a_plugin_that_hangs_while_it_is_loaded_is_left_out_and_the_agent_begins_anew(self):
        for defect in ("load hang", "module hang"):
            with self.subTest(defect):
                self.held_after(0, defect, "loading")
                self.stop()

    def test_a_plugin_that_hangs_in_open_is_out_of_order_and_others_are_served(self):
        self.assertTrue(self.start("open hang"), self.log())
        self.assertEqual(self.ask("read", "files", "/etc/passwd")[0], 0)
        eventually("named", lambda: "opening of the collection" in
                   (self.plugin("misbehaves")["reason"] or ""))
        self.stop()
        self.assertTrue(self.start(), self.log())
        self.assertEqual(self.plugin("misbehaves")["state"], "loaded")

    def test_too_many_lines_of_a_plugin_are_left_out_and_that_is_said(self):
        self.configure("60s")
        self.assertTrue(self.start())
        self.assertEqual(self.ask("apply", self.described("log"))[0], 0)
        lines = self.log().splitlines()
        self.assertEqual(sum(" line " in line for line in lines), 1000)
        self.assertEqual(sum("the rest of this minute is left out" in line for line in lines), 1)

    # Without a daemon.
    def test_what_ends_the_process_of_a_single_command_is_a_failure_that_names_it(self):
        for how, said in (("crash", "crashed with signal 11"), ("exit", "was ended by exit()"),
                          ("_exit", "ended")):
            with self.subTest(how):
                done = subprocess.run(self.command("apply", self.described(how)), check=False,
                                      capture_output=True, text=True, timeout=WAIT_SECONDS)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done)
                for part in (said, "apply of one", "plugin misbehaves 1.2.3"):
                    self.assertIn(part, done.stderr)
                self.ask("plugins")  # counts it, and holds the plugin after a crash
                self.ask("plugins", "--release", "misbehaves")

    def test_what_a_plugin_prints_is_not_in_the_answer(self):
        done = subprocess.run(self.command("apply", self.described("shout")), check=False,
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(json.loads(done.stdout)["state"], "succeeded")
        self.assertIn("{noise", done.stderr)

    def begin(self, text):
        """A command that does not end by itself, once its call has begun."""
        self.process = subprocess.Popen(self.command("apply", self.described(text)),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        mark = self.folder / "state" / "calls" / "misbehaves"
        eventually("begun", lambda: mark.exists() and mark.read_bytes()[3:15] == b"apply of one")

    def test_an_interrupt_asks_the_running_call_to_stop_and_the_answer_says_so(self):
        self.begin("slow")
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(self.process.returncode, 1, err)
        self.process = None
        self.assertEqual(json.loads(out)["resources"][0]["error"]["code"], "cancelled")

    def test_a_second_interrupt_ends_what_does_not_stop(self):
        self.begin("hang")
        self.process.send_signal(signal.SIGINT)
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual((self.process.returncode, out), (1, ""), err)
        self.process = None
        self.assertIn("interrupted", err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
