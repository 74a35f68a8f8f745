"""Many agents in one process (tests/bench/herd), driven from Python."""

import json
import pathlib
import queue
import subprocess
import threading

TREE = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = TREE / "plugins/files/files.schema.json"
WAIT_SECONDS = 120


class Herd:
    """enrol() once, then start(); each line that it prints is a dict, and `last` is the newest."""

    def __init__(self, program, root, ca):
        self.program, self.root, self.ca = str(program), pathlib.Path(root), str(ca)
        self.agents = self.root / "herd.jsonl"
        self.process = None
        self.last = {}

    def enrol(self, port, secret, count, parallel=32):
        """Makes the agents' identities, by the real enrolment; what it took."""
        token = self.root / "herd.token"
        token.write_text(secret)
        done = subprocess.run(
            [self.program, "enrol", *self._common(port), "--count", str(count), "--token-file",
             str(token), "--parallel", str(parallel)], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def _common(self, port):
        return ["--port", str(port), "--ca", self.ca, "--agents", str(self.agents)]

    def start(self, port, *options):
        self._lines = queue.Queue()
        self.process = subprocess.Popen(
            [self.program, "run", *self._common(port), "--schema", str(SCHEMA), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()

    def _read(self, process):
        for line in process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def tell(self, command):
        """`report`, `mark` or `drift N`."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def wait(self, what, check, timeout_s=WAIT_SECONDS):
        """The first line from now on for which `check` holds."""
        while True:
            try:
                line = self._lines.get(timeout=timeout_s)
            except queue.Empty:
                raise AssertionError(f"the herd is silent: {what}; last: {self.last}") from None
            if line is None:
                raise AssertionError(f"the herd has ended: {what}; last: {self.last}")
            self.last = line
            if check(line):
                return line

    def wait_event(self, name):
        return self.wait(name, lambda line: line["event"] == name)

    def report(self):
        self.tell("report")
        return self.wait_event("report")

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait(WAIT_SECONDS)
            self.reader.join()
            self.process.stdout.close()
            self.process = None
