#!/usr/bin/env python3
"""docs/plugin-author.md, executed from an empty folder on an installed SDK.

usage: tutorial_test.py BUILD_DIR
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import pages

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
PATIENCE_S = 240


class Tutorial(unittest.TestCase):
    def test_it_leads_to_an_event(self):
        blocks = pages.author()
        self.assertGreater(len(blocks), 4)
        with tempfile.TemporaryDirectory() as work:
            root, home = pathlib.Path(work, "root"), pathlib.Path(work, "home")
            home.mkdir()
            subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--tags",
                            "plugin-devel", "--destdir", root], check=True)
            tool = next(root.rglob("bin/ek-plugin"))
            path = ":".join([str(tool.parent), str(BUILD / "core/agent"), os.environ["PATH"]])
            env = {**os.environ, "PATH": path,
                   "PKG_CONFIG_PATH": str(tool.parents[1] / "share/pkgconfig")}
            # What is left in the background would keep the pipe open.
            script = "trap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n" + "".join(blocks)
            shell = subprocess.Popen(["bash", "-euxo", "pipefail", "-c", script],
                                     cwd=home, env=env, stdin=subprocess.DEVNULL, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     start_new_session=True)
            try:
                said, _ = shell.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                said, _ = shell.communicate()
            logs = "".join(file.read_text() for file in home.rglob("agent.log"))
            self.assertEqual(shell.returncode, 0, said + logs)
            made = {file.name for file in (home / "todo").iterdir()}
            self.assertLessEqual({"todo-0.1.0.tar.gz", "todo.md", "author.key"}, made)
            self.assertEqual(len([name for name in made if name.endswith(".deb")]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
