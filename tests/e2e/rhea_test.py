"""docs/bus-protocol.md is enough for a stranger: an agent in JavaScript on the library rhea enrols,
answers commands and reports an event."""

import json
import pathlib
import queue
import subprocess
import tempfile
import threading
import unittest

from harness.case import SystemCase
from harness.events import about
from harness.system import STATE
from support.wait import WAIT_SECONDS, eventually

RHEA = pathlib.Path(__file__).parent / "rhea"


class Stranger:
    """The JavaScript agent as a child process that speaks in JSON lines."""

    def __init__(self, address, ca, token, folder):
        self._said = queue.Queue()
        self._process = subprocess.Popen(
            ["node", str(RHEA / "agent.js"), address, "5673", "5671", ca, token, folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self._process.stdout:
            self._said.put(json.loads(line))

    def hear(self, what):
        """The next thing of this kind that it says."""
        while (said := self._said.get(timeout=WAIT_SECONDS))["what"] != what:
            if said["what"] in ("failed", "refused"):
                raise AssertionError(said)
        return said

    def tell(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def close(self):
        self._process.kill()
        with self._process:
            self._process.wait()


class Rhea(SystemCase):
    hosts = ()

    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        made = self.rest.call("POST", "/v1/enrolment-tokens", {"name": "rhea"})
        (folder / "token").write_text(made.body["secret"], encoding="utf-8")
        ca = self.system.orchestrator.files / STATE[1:] / "orchestrator/ca.pem"
        self.agent = Stranger(self.system.orchestrator.address, str(ca), str(folder / "token"),
                              str(folder))
        self.addCleanup(self.agent.close)
        self.host = self.agent.hear("enrolled")["host"]

    def test_a_foreign_agent_enrols_answers_a_command_and_reports_drift(self):
        self.assertEqual(self.agent.hear("hello")["host"], self.host)
        eventually("it is online", lambda: self.system.is_online(self.host))
        done = self.rest.put(self.host, "notes", "shopping", {"text": "milk"})
        self.assertEqual((done.status, done.body["state"]), (200, "succeeded"), done)
        self.assertEqual(self.agent.hear("command")["id"], done.body["id"])
        entry, = done.body["resources"]
        self.assertEqual([(one["path"], one["after"]) for one in entry["changes"]],
                         [("/text", "milk")])
        wrong = self.rest.put(self.host, "notes", "shopping", {"txet": "milk"})
        self.assertEqual(wrong.status, 400, wrong)
        self.agent.tell("drift notes shopping")
        event = self.events.wait(about("resource.drifted", self.host, "notes", "shopping"))
        self.assertEqual(event["data"]["compliance"]["fields"],
                         [{"path": "/text", "expected": "milk", "actual": "scribbled"}])
        found = self.rest.resource(self.host, "notes", "shopping")
        self.assertEqual(found["compliance"]["status"], "drifted")
        gone = self.rest.delete(self.host, "notes", "shopping")
        self.assertEqual((gone.status, gone.body["state"]), (200, "succeeded"), gone)


if __name__ == "__main__":
    unittest.main(verbosity=2)
