#!/usr/bin/env python3
"""ek-plugin against plugins of the tests: what it writes, calls, pages, signatures, refusals.

usage: tool_test.py EK_PLUGIN TEST_PLUGINS ENDS_DIR
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

TOOL, PLUGINS, ENDS = (os.path.abspath(path) for path in sys.argv[1:4])
del sys.argv[1:4]
SDK = str(pathlib.Path(__file__).resolve().parents[3] / "sdk")
FILES = (".so", ".manifest.json", ".sum.json")


class ToolCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        for source, name in ((PLUGINS, "memory"), (ENDS, "ends")):
            for ending in FILES:
                shutil.copy(f"{source}/{name}{ending}", self.folder)

    def path(self, file):
        return str(self.folder / file)

    def run_tool(self, *argv, code=0):
        done = subprocess.run([TOOL, *argv], capture_output=True, text=True, check=False,
                              timeout=60, cwd=self.folder)
        self.assertEqual(done.returncode, code, f"{argv}\n{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def call(self, plugin, *argv, code=0):
        return self.run_tool("call", self.path(plugin), *argv, code=code)


class New(ToolCase):
    def new(self, *argv, code=0):
        return self.run_tool("new", "--sdk", SDK, *argv, code=code)

    def test_a_plugin_has_the_name_that_it_was_given_everywhere(self):
        for language, build, files in (("c", "cmake", {"todo.c", "CMakeLists.txt"}),
                                       ("c++", "meson", {"todo.cpp", "meson.build"})):
            with self.subTest(language=language, build=build):
                self.new("todo", "--lang", language, "--build", build, "--dir", language)
                written = [path for path in (self.folder / language).rglob("*") if path.is_file()]
                names = {"todo.schema.json", "todo.manifest.json", "todo.validate.json",
                         "todo_test", "ci.yml"}
                self.assertLessEqual(names | files, {path.name for path in written})
                self.assertEqual(len({path.suffix for path in written} & {".c", ".cpp"}), 1)
                for path in written:
                    self.assertNotRegex(path.read_text(),
                                        r"\b[Nn]otes(_test|_embedded)?\b|@[A-Z]+@", path)
                test = self.folder / language / "todo_test"
                self.assertTrue(os.access(test, os.X_OK))

    def test_nothing_is_overwritten(self):
        (self.folder / "todo").mkdir()
        (self.folder / "todo/mine").write_text("mine")
        self.assertIn("name another one with --dir", self.new("todo", code=1)[1])
        self.assertEqual([path.name for path in (self.folder / "todo").iterdir()], ["mine"])

    def test_a_name_that_would_break_its_files_is_refused(self):
        for name in ("Todo", "../todo", "7up", "test", "a" * 41):
            with self.subTest(name):
                self.new(name, code=2)
        self.new("todo", "--lang", "rust", code=2)
        self.new("todo", "--build", "make", code=2)
        self.assertEqual(list(self.folder.glob("*todo*")), [])


class Calls(ToolCase):
    def test_a_crash_is_a_sentence(self):
        out, err = self.call("ends.so", "read", "crash", "--json", code=1)
        self.assertEqual(out, "")
        self.assertIn("ek-plugin: the plugin crashed in read: signal 6, Aborted", err)

    def test_the_end_of_the_process_is_no_success(self):
        out, err = self.call("ends.so", "read", "exit", code=1)
        self.assertEqual(out, "")
        self.assertIn("the plugin ended the process in read, with code 0: it must never do that",
                      err)

    def test_what_a_plugin_prints_is_not_in_the_answer(self):
        out, err = self.call("ends.so", "read", "one", "--json")
        self.assertEqual(json.loads(out), {"items": [{"id": "one", "state": {"text": "read"}}]})
        self.assertIn("printed by the plugin", err)

    def test_a_call_ends_with_its_time(self):
        _, err = self.call("ends.so", "--timeout", "200ms", "read", "hang", code=8)
        self.assertIn("deadline", err)

    def test_an_interrupt_cancels_the_call(self):
        running = subprocess.Popen([TOOL, "call", self.path("ends.so"), "read", "hang"], text=True,
                                   stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                                   start_new_session=True)
        # It prints when the call is under way.
        self.assertIn("printed", running.stderr.readline())
        os.killpg(running.pid, signal.SIGINT)
        _, err = running.communicate(timeout=30)
        self.assertEqual(running.returncode, 130, err)

    def test_one_of_several_collections_has_to_be_named(self):
        _, err = self.call("memory.so", "list", code=1)
        self.assertIn("which collection? --collection memory or plain", err)
        _, err = self.call("memory.so", "-c", "none", "list", code=5)
        self.assertIn('there is no collection "none" in this plugin, but memory and plain', err)

    def test_changes_are_shown_to_people(self):
        out, _ = self.call("memory.so", "-c", "memory", "plan", "one", '{"text":"a\\nb"}', code=3)
        self.assertIn('+ /text: "a\\nb"\n', out)
        self.assertIn("planned\n", out)

    def test_a_wrong_line_is_refused(self):
        self.call("memory.so", "-c", "memory", "apply", "one", "{", code=2)
        self.call("memory.so", "-c", "memory", "apply", "one", "@/no/such/file", code=2)
        self.call("nothing.so", "list", code=2)
        self.call("memory.txt", "list", code=2)
        self.assertIn('"No id" is no id of this collection: Small letters and hyphens.',
                      self.call("ends.so", "read", "No id", code=1)[1])


class Pages(ToolCase):
    def test_the_page_has_all_that_the_tables_say(self):
        out, _ = self.run_tool("docs", self.path("memory.so"))
        for words in ("# memory\n", "## plain\n", "| `text` | string |", "### Actions",
                      "| `tamper` |", "secret", "**It can** `list`, `read`"):
            self.assertIn(words, out)


class Trust(ToolCase):
    def doctor(self, *argv, code=0):
        return self.run_tool("doctor", "--dev", *argv, self.path("memory.so"), code=code)[0]

    def test_a_signed_plugin_is_believed(self):
        public, _ = self.run_tool("keygen", "key")
        strict = ("--require-signatures", "--key", public.strip())
        self.assertIn("is not signed", self.doctor(*strict, code=1))
        self.run_tool("sign", self.path("memory.so"), "--key", "key")
        self.assertIn("an agent loads", self.doctor(*strict))
        other, _ = self.run_tool("keygen", "other")
        self.assertIn("which is none of plugin_keys",
                      self.doctor("--require-signatures", "--key", other.strip(), code=1))

    def test_a_secret_key_is_for_its_owner_and_never_overwritten(self):
        self.run_tool("keygen", "key")
        self.assertEqual((self.folder / "key").stat().st_mode & 0o777, 0o600)
        secret = (self.folder / "key").read_text()
        self.assertIn("is there already", self.run_tool("keygen", "key", code=6)[1])
        self.assertEqual((self.folder / "key").read_text(), secret)
        (self.folder / "key").chmod(0o644)
        _, err = self.run_tool("sign", self.path("memory.so"), "--key", "key", code=1)
        self.assertIn("is open to others: chmod 600 it", err)

    def test_a_broken_plugin_is_not_signed(self):
        self.run_tool("keygen", "key")
        with open(self.path("memory.so"), "ab") as file:
            file.write(b"more")
        _, err = self.run_tool("sign", self.path("memory.so"), "--key", "key", code=1)
        self.assertIn("install or build the plugin again", err)

    def test_every_reason_is_told(self):
        os.chmod(self.path("memory.so"), 0o775)
        os.remove(self.path("memory.sum.json"))
        said = self.doctor(code=1).splitlines()
        self.assertEqual(len(said), 2, said)
        self.assertIn("chmod go-w it", said[0])
        self.assertIn("memory.sum.json", said[1])


class Packing(ToolCase):
    def test_the_same_files_give_the_same_bytes(self):
        sums = set()
        for folder in ("a", "b"):
            (self.folder / folder).mkdir()
            out, _ = self.run_tool("pack", "-o", folder, self.path("memory.so"))
            self.assertEqual(out, f"{folder}/memory-1.2.3.tar.gz\n")
            sums.add((self.folder / out.strip()).read_bytes())
        self.assertEqual(len(sums), 1)
        listed = subprocess.run(["tar", "-tzf", self.path("a/memory-1.2.3.tar.gz")], text=True,
                                check=True, capture_output=True).stdout.split()
        self.assertEqual(listed, ["memory-1.2.3/"] + sorted(f"memory-1.2.3/memory{end}"
                                                            for end in FILES))

    def test_what_no_agent_loads_is_not_packed(self):
        os.remove(self.path("memory.sum.json"))
        self.run_tool("pack", self.path("memory.so"), code=5)
        self.assertEqual(list(self.folder.glob("*.tar.gz")), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
