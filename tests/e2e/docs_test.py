"""What the pages of docs/ mark to be run on a host, or against the orchestrator, works there.

The blocks of a page run in their order, in the same folder. Those for the orchestrator find EK_URL
and EK_TOKEN_FILE in their environment; those in Python run beside it with the client library.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness.case import SystemCase
from harness.system import STATE

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "docs"))
import pages  # noqa: E402

URL = "http://127.0.0.1:7780"
TOKEN_FILE = f"{STATE}/orchestrator/admin.token"


class Docs(SystemCase):
    hosts = ("web", "db")

    def test_what_the_pages_say_to_run_on_hosts_runs(self):
        ran = set()
        for page, text in pages.pages().items():
            for number, (host, language, block) in enumerate(pages.blocks(text)):
                if not host:
                    continue
                with self.subTest(page=page.name, number=number, block=block):
                    run = self.run_python if language == "py" else self.run_shell
                    run(host, page.stem, block)
                    ran.add(language)
        self.assertEqual(ran, {"sh", "py"})

    def test_the_files_that_the_pages_show_can_be_planned(self):
        pages_with_one = set()
        for page, text in pages.pages().items():
            for number, example in enumerate(pages.examples(text)):
                with self.subTest(page=page.name, number=number):
                    reply = self.rest.call("POST", "/v1/hosts/web:apply?dry_run=all", example)
                    self.assertEqual(reply.status, 200, reply)
                    # What the example speaks of need not be on this host, but the words are right.
                    codes = {(one["error"] or {}).get("code") for one in reply.body["resources"]}
                    self.assertLessEqual(codes, {None, "not-found", "unavailable"}, reply)
                    pages_with_one.add(page.stem)
        self.assertLessEqual({"agent", "directories", "files", "groups", "packages", "services",
                              "users"}, pages_with_one)

    def run_shell(self, host, page, commands):
        beds = {"orchestrator": self.system.orchestrator, **self.system.hosts}
        folder = f"/tmp/{page}"
        beds[host].run("env", f"EK_URL={URL}", f"EK_TOKEN_FILE={TOKEN_FILE}", "bash", "-euo",
                       "pipefail", "-c", f"mkdir -p {folder}; cd {folder}\n{commands}")

    def run_python(self, host, _page, code):
        self.assertEqual(host, "orchestrator")
        token = self.system.orchestrator.run("cat", TOKEN_FILE).stdout
        with tempfile.NamedTemporaryFile("w") as file, self.system.orchestrator.network():
            file.write(token)
            file.flush()
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=ROOT / "docs/examples", check=False, timeout=120,
                env={**os.environ, "EK_URL": URL, "EK_TOKEN_FILE": file.name,
                     "PYTHONPATH": str(ROOT / "sdk/client/python")},
                capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, code + done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
