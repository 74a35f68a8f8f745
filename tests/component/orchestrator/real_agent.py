"""The real evenkeel-agent, for tests of both programs together."""

import json
import os
import re
import subprocess

PROGRAM = os.environ["EVENKEEL_AGENT"]


class Agent:
    """In a folder of its own, enrolled; its state is in `root`/state."""

    def __init__(self, root, token, port, config):
        self.root = root
        self.root.mkdir(exist_ok=True)
        self.config = self.root / "agent.json"
        self.config.write_text(json.dumps({
            "state_dir": str(self.root / "state"), "socket": str(self.root / "run" / "agent.sock"),
            **config}))
        done = subprocess.run(
            [*self.command("enrol"), "--orchestrator", f"127.0.0.1:{port}", "--ca-sha256",
             re.search(r"--ca-sha256 ([0-9a-f]{64})", token["install"])[1], "--token-file", "-"],
            input=token["secret"], text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        self.log = open(self.root / "log", "ab")
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            [*self.command("run"), "--ready-fd", str(writing)], pass_fds=[writing],
            stderr=self.log, cwd=self.root)
        os.close(writing)
        with os.fdopen(reading) as ready:
            if not ready.readline():
                raise AssertionError(self.logged())

    def command(self, *argv):
        return [PROGRAM, "--config", str(self.config), *argv]

    def ask(self, *argv, stdin=""):
        done = subprocess.run(self.command(*argv), input=stdin, text=True, capture_output=True,
                              check=False, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def status(self):
        code, said = self.ask("status")
        if code != 0:
            raise AssertionError(said)
        return json.loads(said)

    def logged(self):
        return (self.root / "log").read_text(errors="replace")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
