"""Setting the orchestrator's clock cuts no link, makes no host offline and ends no command."""

import os
import struct
import threading
import time
import unittest

from case import OrchestratorCase
from program import eventually

TICK_SECONDS = 5  # between two looks at what has expired


class SteppedClock(OrchestratorCase):
    heartbeat = "3s"

    def setUp(self):
        super().setUp()
        # Another start of it, with a wall clock of its own.
        self.orchestrator.stop()
        self.clock = self.orchestrator.root / "clock"
        self.step(0)
        # A sanitizer wants to be loaded first, and need not be.
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        self.orchestrator.environment = {"LD_PRELOAD": os.environ["EK_STEPPED_CLOCK"],
                                         "ASAN_OPTIONS": options,
                                         "STEPPED_CLOCK": str(self.clock)}
        self.orchestrator.start()

    def step(self, seconds):
        """The orchestrator's wall clock is so far ahead from now on."""
        with open(self.clock, "r+b" if self.clock.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))

    def beating(self, agent):
        """The agent's heartbeats, until the test is over."""
        over = threading.Event()

        def beat():
            while not over.wait(1.5):
                agent.send({"type": "heartbeat"}, wait=False)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(over.set)

    def wall_clock(self):
        """What the orchestrator thinks the time is to the minute: the Date of its answers."""
        return self.rest.call("GET", "/v1/hosts").headers["date"].rsplit(":", 1)[0]

    def test_no_link_is_cut_and_nothing_expires(self):
        events = self.events()
        agent = self.online()
        self.beating(agent)
        waiting = self.put("/etc/waiting", {"mode": "0644"})
        command = agent.take_command()
        self.assertEqual(command["id"], waiting.body["id"])
        for seconds in (60, -3600, 2 * 86400):
            with self.subTest(seconds=seconds):
                before = self.wall_clock()
                self.step(seconds)
                self.assertNotEqual(self.wall_clock(), before)
                # That nothing happens cannot be waited for: elapsed time is what this is about.
                time.sleep(TICK_SECONDS + 1)
                self.assertTrue(agent.thread.is_alive())
                self.assertEqual(self.rest.get("/v1/hosts/web1")["connection"], "online")
                self.assertNotIn(self.command(command["id"])["state"], ("expired", "queued"))
        self.assertNotIn("host.offline", self.types(events))
        self.assertEqual(agent.outcome(command), "ACCEPTED")
        self.assertEqual(self.command(command["id"])["state"], "succeeded")

    def test_what_waits_does_not_expire_over_a_restart_either(self):
        self.online().close()
        waiting = self.put("/etc/waiting", {"mode": "0644"}).body["id"]
        eventually("the host is away", lambda: self.command(waiting)["state"] == "queued")
        self.step(2 * 86400)
        self.orchestrator.kill()
        self.orchestrator.start()
        time.sleep(TICK_SECONDS + 1)  # elapsed time, as above
        self.assertEqual(self.command(waiting)["state"], "queued")


if __name__ == "__main__":
    unittest.main()
