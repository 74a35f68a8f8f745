"""Runs the real ek against a FakeApi."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from fake_api import FakeApi
from samples import FILE

EK = os.environ["EK_PROGRAM"]
TOKEN = "ekt_a-secret"


class EkCase(unittest.TestCase):
    """A fake API, a token file and a home of its own for each test."""

    def setUp(self):
        self.api = FakeApi()
        self.addCleanup(self.api.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.token_file = self.home / "token"
        self.token_file.write_text(TOKEN + "\n")
        self.file = self.home / "file.json"
        self.file.write_text(json.dumps(FILE))
        self.environment = {"HOME": str(self.home), "PATH": os.environ["PATH"],
                            "EK_URL": self.api.url, "EK_TOKEN_FILE": str(self.token_file)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def start(self, *arguments, **options):
        return subprocess.Popen([EK, *arguments], env=self.environment, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def ek(self, *arguments, exits=0, stdin=""):
        """Runs ek to its end, checks the exit code, answers with stdout; stderr is in self.told."""
        process = self.start(*arguments)
        out, self.told = process.communicate(stdin, timeout=30)
        self.assertEqual(process.returncode, exits, f"{arguments}\n{out}\n{self.told}")
        return out

    def ek_json(self, *arguments, **options):
        return json.loads(self.ek(*arguments, "-o", "json", **options))
