#!/usr/bin/env python3
"""The daemon as a process: killed at any moment, it goes on where it was.

usage: daemon_test.py AGENT PLUGIN_DIR
"""

import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support import small_disk  # noqa: E402
from support.wait import WAIT_SECONDS, eventually  # noqa: E402

AGENT, PLUGINS = (os.path.abspath(path) for path in sys.argv[1:3])


class Daemon(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ek-daemon-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.config = self.folder / "agent.json"
        self.configure({})
        self.process = None
        self.addCleanup(self.kill)

    def configure(self, extra):
        self.config.write_text(json.dumps({
            "state_dir": str(self.folder / "state"),
            "socket": str(self.folder / "run" / "agent.sock"),
            "plugin_dirs": [PLUGINS], **extra}))

    def command(self, *argv):
        return [AGENT, "--config", str(self.config), "--plugin-dir", PLUGINS, *argv]

    def start(self):
        read, write = os.pipe()
        log = open(self.folder / "log", "a", encoding="utf-8")
        with log:
            self.process = subprocess.Popen(self.command("run", "--ready-fd", str(write)),
                                            pass_fds=[write], stderr=log)
        os.close(write)
        with os.fdopen(read) as ready:
            line = ready.readline()
        self.assertEqual(json.loads(line or "null"), {"ready": True}, self.log())

    def log(self):
        return (self.folder / "log").read_text(encoding="utf-8")

    def kill(self, how=signal.SIGKILL):
        if self.process:
            self.process.send_signal(how)
            code = self.process.wait(WAIT_SECONDS)
            self.process = None
            return code
        return None

    def ask(self, *argv):
        done = subprocess.run(self.command(*argv), capture_output=True, text=True, check=False,
                              timeout=WAIT_SECONDS)
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.returncode, done.stdout + done.stderr

    def described(self, *resources):
        wanted = self.folder / "wanted.json"
        wanted.write_text(json.dumps({"resources": [
            {"collection": "files", "id": str(self.folder / name),
             "description": {"content": content, "mode": "0644"}, "policy": policy}
            for name, content, policy in resources]}))
        return str(wanted)

    def eventually(self, what, holds):
        try:
            eventually(what, holds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}") from None

    def content(self, name):
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def test_it_ends_in_good_order_and_serves_again(self):
        self.start()
        self.assertEqual(self.ask("apply", self.described(("a", "hello\n", "enforce")))[0], 0)
        self.assertEqual(self.kill(signal.SIGTERM), 0)
        (self.folder / "a").write_text("while down\n")
        self.start()
        self.eventually("repaired after the start", lambda: self.content("a") == "hello\n")
        self.assertEqual(self.ask("check")[0], 0)

    def test_a_plugin_in_a_process_of_its_own_ends_with_the_agent(self):
        self.configure({"isolation": {"files": "process"}})
        self.start()
        self.assertEqual(self.ask("apply", self.described(("a", "hello\n", "enforce")))[0], 0)
        files = next(each for each in self.ask("plugins")[1]["plugins"]
                     if each["collection"] == "files")
        self.assertEqual(files["isolation"], "process")
        child = pathlib.Path("/proc") / str(files["process"]["pid"])
        self.assertEqual((child / "comm").read_text().strip(), "evenkeel-plugin")
        self.kill()
        # A zombie has no command line any more, where nobody has reaped it.
        self.eventually("the process has ended",
                        lambda: not child.exists() or not (child / "cmdline").read_bytes())
        self.start()
        (self.folder / "a").write_text("somebody else\n")
        self.eventually("seen and repaired", lambda: self.content("a") == "hello\n")

    def test_killed_at_any_moment_it_goes_on_where_it_was(self):
        names = [f"f{number}" for number in range(40)]
        seed = random.randrange(1 << 30)
        rng = random.Random(seed)
        for round_number in range(8):
            content = f"round {round_number}\n"
            self.start()
            wanted = self.described(*[(name, content, "enforce") for name in names])
            client = subprocess.Popen(self.command("apply", wanted), stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            # Once it has begun, so that there is something to go on with.
            self.eventually("begun", lambda: self.content(names[0]) == content)
            # Waits for nothing: each round kills at another moment.
            time.sleep(rng.uniform(0, 0.05))
            self.kill()
            client.wait(WAIT_SECONDS)
            for name in names:
                self.assertIn(self.content(name), (None, content, f"round {round_number - 1}\n"),
                              f"a half-written file, seed {seed}")
            self.start()
            self.eventually(f"all applied, seed {seed}",
                            lambda: all(self.content(name) == content for name in names))
            self.eventually("in line", lambda: self.ask("check")[0] == 0)
            self.kill()

    def test_a_kill_in_a_call_blames_no_plugin(self):
        self.test_it_ends_in_good_order_and_serves_again()
        self.kill()
        self.start()
        code, said = self.ask("plugins")
        self.assertEqual(code, 0, said)
        self.assertNotIn("out_of_order", json.dumps(said))

    def test_a_wrong_configuration_of_a_collection_leaves_it_unavailable_and_all_else_running(self):
        self.configure({"collections": {"files": {"colour": "red"}, "pakages": {}}})
        self.start()
        by_name = {each["collection"]: each for each in self.ask("plugins")[1]["plugins"]}
        self.assertEqual(by_name["files"]["state"], "out_of_order")
        self.assertIn("collections.files.colour", by_name["files"]["reason"])
        self.assertEqual(by_name["pakages"]["state"], "refused")
        self.assertEqual(set(by_name["pakages"]), set(by_name["directories"]))
        code, said = self.ask("read", "files", "/etc/passwd")
        self.assertEqual((code, said["error"]["code"]), (1, "unavailable"))
        self.assertIn("collections.files.colour", said["error"]["detail"])
        directories = by_name["directories"]
        self.assertEqual((directories["plugin"], directories["state"], directories["backend"]),
                         ("directories", "loaded", None))
        self.assertIn("watch", directories["capabilities"])
        for name in ("directories", "users", "groups"):
            code, said = self.ask("list", name)
            can_list = "list" in by_name[name]["capabilities"]
            self.assertEqual(code, 0 if can_list else 1, (name, said))
        self.assertNotIn("list", directories["capabilities"], "a whole file system is not listed")
        self.assertEqual(self.ask("read", "directories", "/etc")[0], 0)

    def test_it_takes_no_orders_from_where_others_can_write(self):
        state = self.folder / "state"
        for path in (self.folder, self.config, state):
            self.start()
            self.kill(signal.SIGTERM)
            mode = path.stat().st_mode
            path.chmod(mode | 0o002)
            done = subprocess.run(self.command("run"), capture_output=True, text=True, check=False,
                                  timeout=WAIT_SECONDS)
            self.assertIn(done.returncode, (1, 2), done)
            self.assertIn(f"{path} can be written by others", done.stdout + done.stderr)
            path.chmod(mode)
        self.start()

    @unittest.skipIf(os.geteuid() != 0, "needs root to mount a small disk")
    def test_on_a_full_disk_it_starts_after_a_kill_and_carries_out_commands(self):
        begun = time.monotonic()
        state = self.folder / "state"
        small_disk.mount(state, "6m")
        self.addCleanup(small_disk.unmount, state)
        self.addCleanup(self.kill)
        self.start()
        self.assertEqual(self.ask("apply", self.described(("a", "hello\n", "enforce")))[0], 0)
        small_disk.fill(state)
        for content in ("one\n", "two\n", "three\n"):
            code, said = self.ask("apply", self.described(("a", content, "enforce")))
            self.assertEqual(code, 0, said)
            self.assertEqual(self.content("a"), content)
            self.kill()
            (self.folder / "a").write_text("while down\n")
            self.start()
            self.eventually("repaired", lambda: self.content("a") == content)
        # What cannot be written is tried again each second, with a line or two.
        lines_most = 500 + 2 * (time.monotonic() - begun)
        self.assertLess(len(self.log().splitlines()), lines_most, self.log()[-3000:])

    def test_only_one_agent_has_the_store(self):
        self.start()
        second = subprocess.run(self.command("run"), capture_output=True, text=True, check=False,
                                timeout=WAIT_SECONDS)
        self.assertEqual(second.returncode, 4)
        self.assertIn(f"locked by process {self.process.pid}", second.stderr)

    def test_a_damaged_store_is_refused_and_not_begun_anew(self):
        self.start()
        self.ask("apply", self.described(("a", "hello\n", "enforce")))
        code, said = self.ask("check-store")
        self.assertEqual(code, 4, "an agent has it open")
        self.assertIn(f"process {self.process.pid}", said)
        self.assertIn("systemctl stop evenkeel-agent", said)
        self.kill(signal.SIGTERM)
        code, found = self.ask("check-store")
        self.assertEqual((code, found["tables"] > 5), (0, True), found)
        data = self.folder / "state" / "store" / "data.mdb"
        whole = data.read_bytes()
        for damaged in (whole[:len(whole) // 2], b""):
            data.write_bytes(damaged)
            for command in ("run", "check-store", "check"):
                code, said = self.ask(command)
                self.assertEqual(code, 1, said)
                self.assertIn("/store", str(said))
        data.write_bytes(whole)
        self.start()
        self.assertEqual(self.ask("check")[0], 0)

    def test_damage_that_is_found_while_it_runs_ends_it(self):
        self.start()
        for number in range(5):
            self.ask("apply", self.described((f"a{number}", "hello\n" * 1000, "audit")))
        self.kill()
        data = self.folder / "state" / "store" / "data.mdb"
        pages = [data.read_bytes()[at:at + 4096] for at in range(0, data.stat().st_size, 4096)]
        # Those of descriptions' bodies: sealed, so that nothing of them is told, and on pages that
        # hold nothing else.
        spoilt = [b"\xff\xff" + page[2:] if page[10:12] == b"\x04\x00" else page for page in pages]
        self.assertNotEqual(spoilt, pages)
        data.write_bytes(b"".join(spoilt))
        self.process = subprocess.Popen(self.command("run"), stderr=subprocess.DEVNULL)
        self.assertEqual(self.process.wait(WAIT_SECONDS), 1)
        self.process = None
        code, said = self.ask("check")
        self.assertEqual(code, 1)
        self.assertIn("damaged", str(said))

    def test_events_are_watched_live(self):
        self.start()
        self.assertEqual(self.ask("apply", self.described(("a", "hello\n", "report")))[0], 0)
        with subprocess.Popen(self.command("watch"), stdout=subprocess.PIPE, text=True) as watch:
            try:
                # Watching has begun when a first event comes through; tampering repeats until then.
                os.set_blocking(watch.stdout.fileno(), False)
                seen = []

                def tamper():
                    (self.folder / "a").write_text(f"tampered {time.monotonic()}\n")
                    seen.append(watch.stdout.readline())
                    return any(seen)
                self.eventually("an event", tamper)
            finally:
                watch.kill()
        self.assertEqual(json.loads(next(filter(None, seen)))["kind"], "resource.drifted")

    def test_a_check_is_streamed_to_those_who_ask_for_it(self):
        self.start()
        names = [f"f{number:03}" for number in range(300)]
        self.ask("apply", self.described(*((name, "x", "report") for name in names)))
        (self.folder / "f007").write_text("y")

        def lines(arguments):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.folder / "run" / "agent.sock"))
                client.sendall(json.dumps({"type": "request", "verb": "check",
                                           "arguments": arguments}).encode() + b"\n")
                for line in client.makefile(encoding="utf-8"):
                    yield json.loads(line)
                    if json.loads(line)["type"] == "reply":
                        return
        whole = next(lines({}))["result"]
        *items, reply = lines({"stream": True})
        self.assertEqual([item.pop("type") for item in items], ["item"] * len(names))
        self.assertEqual(items, whole["resources"])
        self.assertEqual([item["id"] for item in items],
                         [str(self.folder / name) for name in names])
        self.assertEqual(reply, {"type": "reply", "result": {"counts": whole["counts"]}})
        code, answer = self.ask("check")
        self.assertEqual((code, answer, list(answer)), (3, whole, ["resources", "counts"]))
        # One that goes away in the middle, or reads nothing for now, is no concern of others.
        with socket.socket(socket.AF_UNIX) as idle:
            idle.connect(str(self.folder / "run" / "agent.sock"))
            idle.sendall(b'{"type":"request","verb":"check","arguments":{"stream":true}}\n')
            self.assertEqual(next(lines({"stream": True}))["type"], "item")
            self.assertEqual(self.ask("check")[1], whole)

    def test_status_tells_how_the_running_agent_is(self):
        code, answer = self.ask("status")
        self.assertEqual((code, answer["error"]["code"]), (1, "unavailable"))
        self.start()
        version = self.ask("--version")[1].strip()
        self.assertEqual(self.ask("status"), (0, {
            "version": version, "descriptions": 0, "found_by_sweep": 0, "unfinished": 0,
            "outbox": {"events": 0, "bytes": 0, "disk_full": False},
            "orchestrator": {"host": None, "connected": False, "enrolment": "none",
                             "fingerprint": None}}))
        self.ask("apply", self.described(("a", "hello\n", "enforce"), ("b", "b\n", "report")))
        self.assertEqual(self.ask("status")[1]["descriptions"], 2)
        self.assertEqual(self.ask("status", "more")[0], 2)

    def test_all_that_is_wrong_with_a_file_is_told_at_once_and_each_by_its_pointer(self):
        wanted = self.folder / "wrong.json"
        wanted.write_text(json.dumps({"extra": 1, "verb": "apply", "resources": [
            {"collection": "nope", "id": "/x", "description": {}},
            {"collection": "files", "id": "y3", "description": {"mode": "99", "colour": "red"},
             "policy": "enfroce", "what": 1},
            {"collection": "files", "id": "/z",
             "description": {"content": {"redacted": "0" * 32}, "mode": 1}},
            {"id": 5}, 7]}))
        pointers = {"/extra", "/verb", "/resources/0/collection", "/resources/1/id",
                    "/resources/1/description/mode", "/resources/1/description/colour",
                    "/resources/1/policy", "/resources/1/what", "/resources/2/description/mode",
                    "/resources/3/id", "/resources/3/collection", "/resources/4"}
        for runs in (False, True):
            if runs:
                self.start()
            for command in ("plan", "apply"):
                done = subprocess.run(self.command(command, str(wanted)), capture_output=True,
                                      text=True, check=False, timeout=WAIT_SECONDS)
                self.assertEqual(done.returncode, 2, done)
                errors = {one["pointer"]: one for one in json.loads(done.stdout)["errors"]}
                self.assertEqual(set(errors), pointers)
                self.assertEqual(errors["/resources/0/collection"]["code"], "unknown-collection")
                self.assertIn("it has directories, facts, files", done.stderr)
                self.assertIn("/resources/1/id: the id 'y3' must be an absolute path\n",
                              done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1 + len(pointers), done.stderr)

    def test_a_file_that_cannot_be_read_is_a_usage_error(self):
        for name, text in (("none", None), ("cut", '{"resources":['), ("list", "[]")):
            path = self.folder / (name + ".json")
            if text is not None:
                path.write_text(text)
            code, said = self.ask("apply", str(path))
            self.assertEqual((code, str(path) in str(said)), (2, True), said)

    def test_a_wrong_word_on_the_command_line_is_named(self):
        done = subprocess.run(self.command("plnu", "x"), capture_output=True, text=True,
                              check=False, timeout=WAIT_SECONDS)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.splitlines()[0],
                         "evenkeel-agent: there is no command 'plnu'; did you mean 'plan'?")

    def test_a_plugin_folder_that_is_not_there_is_named(self):
        self.configure({"plugin_dirs": [str(self.folder / "nowhere"), PLUGINS]})
        for runs in (False, True):
            if runs:
                self.start()
            done = subprocess.run(self.command("plugins"), capture_output=True, text=True,
                                  check=False, timeout=WAIT_SECONDS)
            self.assertEqual(done.returncode, 0, done)
            self.assertIn(str(self.folder / "nowhere"), json.loads(done.stdout)["warnings"][0])
            self.assertIn(str(self.folder / "nowhere"), done.stderr)

    def test_a_wrong_configuration_is_a_usage_error_that_names_the_key(self):
        self.configure({"swep": {}})
        done = subprocess.run(self.command("run"), capture_output=True, text=True, check=False,
                              timeout=WAIT_SECONDS)
        self.assertEqual(done.returncode, 2)
        self.assertIn("swep", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
