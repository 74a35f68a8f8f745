"""Runs the real ek against a FakeApi."""

import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import unittest

from fake_api import FakeApi
from samples import FILE

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))
from support.wait import WAIT_SECONDS, eventually  # noqa: E402,F401  for the tests

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

    def ek(self, *arguments, exits=0, stdin="", **options):
        """Runs ek to its end, checks the exit code, answers with stdout; stderr is in self.told."""
        process = self.start(*arguments, **options)
        out, self.told = process.communicate(stdin, timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, exits, f"{arguments}\n{out}\n{self.told}")
        return out

    def at_terminal(self, answer, *arguments):
        """ek with a terminal to ask on: its exit code; what it says is in self.told."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        process = subprocess.Popen([EK, *arguments], env=self.environment, text=True, stdin=theirs,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(theirs)
        os.write(ours, answer.encode())
        out, told = process.communicate(timeout=WAIT_SECONDS)
        self.told = out + told
        return process.returncode

    def ek_json(self, *arguments, **options):
        return json.loads(self.ek(*arguments, "-o", "json", **options))
