"""Both real programs; the agent's state folder is on a disk of 6 MB that another program fills."""

import collections
import os
import time
import unittest

from case import OrchestratorCase
from program import eventually
from real_agent import Agent
from support import small_disk

FILES = 150
PATIENCE_S = 120


@unittest.skipIf(os.geteuid() != 0, "needs root to mount a small disk")
class AgentOnAFullDisk(OrchestratorCase):
    heartbeat = "1s"

    def setUp(self):
        super().setUp()
        self.begun = time.monotonic()
        root = self.orchestrator.root / "agent"
        self.state = root / "state"
        small_disk.mount(self.state, "6m")
        self.addCleanup(small_disk.unmount, self.state)
        self.agent = Agent(root, self.token(), self.orchestrator.port("enrolment"),
                           {"plugin_dirs": [os.environ["EK_PLUGINS"]]})
        self.addCleanup(self.agent.close)
        self.orchestrator.keep_ports()
        self.folder = root / "files"
        self.folder.mkdir()
        self.files = [self.folder / f"f{number}" for number in range(FILES)]
        self.host = eventually("it is online", self.online_host)

    def online_host(self):
        host = self.rest.items("/v1/hosts")[0]
        if host["connection"] != "online":
            return None
        schema = self.rest.get(f"/v1/hosts/{host['id']}/collections/files")["schema"]
        return host["id"] if schema else None

    def verdicts(self):
        """What GET shows of the files: status -> how many. One list: a token has a rate."""
        return collections.Counter(
            item["compliance"]["status"]
            for item in self.rest.items(f"/v1/hosts/{self.host}/resources/files?limit=1000"))

    def outbox(self):
        return self.agent.status()["outbox"]

    def write(self, content):
        for file in self.files:
            file.write_text(content)

    def was_full(self):
        """Whether a change was refused; `disk_full` ends when the agent has made room."""
        return f"the disk that holds {self.state}" in self.agent.logged()

    def drift_until_full(self):
        """Drifts that begin and end, each with its event, until there is no room for them."""
        for number in range(200):
            before = self.outbox()
            self.write(self.content if number % 2 else f"drifted {number}\n" * 40)
            eventually("the agent saw it", lambda: self.was_full() or self.outbox() != before,
                       PATIENCE_S)
            if self.was_full():
                return
        self.fail("the disk did not become full")

    def test_when_the_orchestrator_comes_back_it_learns_what_is_true_and_commands_are_taken(self):
        self.content = "as described\n" * 40
        done = self.rest.call("POST", f"/v1/hosts/{self.host}:apply", {"resources": [
            {"collection": "files", "id": str(file),
             "description": {"content": self.content, "mode": "0644"}} for file in self.files]},
            {"Prefer": "wait=60"})
        self.assertEqual(done.body["state"], "succeeded", done)
        eventually("it is reported", lambda: self.verdicts() == {"compliant": FILES})
        self.assertEqual(self.orchestrator.stop(), 0)
        small_disk.fill(self.state)
        self.drift_until_full()
        self.write("what is on the machine\n")
        self.orchestrator.start()
        eventually("it is online", self.online_host)
        # While the disk is as full as before:
        eventually("all are known as drifted", lambda: self.verdicts() == {"drifted": FILES},
                   PATIENCE_S)
        eventually("all is delivered", lambda: self.outbox()["events"] == 0, PATIENCE_S)
        done = self.rest.put(self.host, "files", str(self.files[0]),
                             {"content": "anew\n", "mode": "0644"})
        self.assertEqual((done.status, done.body["state"]), (200, "succeeded"), done)
        self.assertEqual(self.files[0].read_text(), "anew\n")
        self.assertEqual(self.rest.resource(self.host, "files", str(self.files[0]))
                         ["compliance"]["status"], "compliant")
        log = self.agent.logged()
        # What cannot be written is tried again each second, with a line or two.
        lines_most = 500 + 2 * (time.monotonic() - self.begun)
        self.assertLess(len(log.splitlines()), lines_most, log[-3000:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
