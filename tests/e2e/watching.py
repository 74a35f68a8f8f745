"""The events of an agent alone on a host, as its subcommand `watch` prints them."""

import contextlib
import json
import subprocess
import threading
import time

from harness.system import AGENT, write
from support.wait import WAIT_SECONDS, eventually

MARKER = "/run/watched-marker"


class Watching:
    """Collects events from when the block is entered until it is left.

    Each is the event's data with its `kind`.
    """

    def __init__(self, bed):
        self._bed = bed
        self._seen = []
        self._more = threading.Condition()
        self._process = self._reader = None
        self._marks = 0
        self._next = 0

    def __enter__(self):
        leader = (self._bed.folder / "leader").read_text(encoding="utf-8")
        # Not forked, so that its end is seen by who kills it: the host could not end otherwise.
        self._process = subprocess.Popen(
            ["nsenter", "-t", leader, "-a", "-F", "--", AGENT, "watch"],
            stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        eventually("the watch is under way", self._hears_a_mark)
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def wait(self, kind, rid, timeout_s=WAIT_SECONDS):
        """The next event of this kind about a resource; those before it are passed over."""
        deadline = time.monotonic() + timeout_s
        with self._more:
            while True:
                for at in range(self._next, len(self._seen)):
                    event = self._seen[at]
                    if (event["kind"], event.get("id")) == (kind, rid):
                        self._next = at + 1
                        return event
                left = deadline - time.monotonic()
                if left <= 0:
                    tail = [(one["kind"], one.get("id")) for one in self._seen[self._next:]]
                    raise AssertionError(f"no {kind} of {rid} in {timeout_s} s; seen: {tail}")
                self._more.wait(left)

    def about(self, rid, *kinds):
        """The events of these kinds about a resource so far."""
        with self._more:
            return [one for one in self._seen if one.get("id") == rid and one["kind"] in kinds]

    def await_all(self):
        """Returns when all that the agent had to tell has come, so that what is not there by then
        has not happened: a check reads every resource, and the events keep their order."""
        self._bed.run(AGENT, "check", check=False)
        with self._more:
            marks = self._marks_seen()
        self._apply_mark()
        with self._more:
            if not self._more.wait_for(lambda: self._marks_seen() > marks, WAIT_SECONDS):
                raise AssertionError(f"no event of the mark in {WAIT_SECONDS} s")

    def _hears_a_mark(self):
        self._apply_mark()
        with self._more:
            return self._more.wait_for(self._marks_seen, 0.5)

    def _marks_seen(self):
        return sum(one.get("id") == MARKER for one in self._seen)

    def _apply_mark(self):
        self._marks += 1
        write(self._bed, "/root/mark.json", json.dumps({"resources": [
            {"collection": "files", "id": MARKER,
             "description": {"content": f"{time.time()} {self._marks}\n"}}]}))
        self._bed.run(AGENT, "apply", "/root/mark.json")

    def _read(self):
        for line in self._process.stdout:
            with contextlib.suppress(json.JSONDecodeError):
                event = json.loads(line)
                with self._more:
                    self._seen.append({**event.get("data", {}), "kind": event.get("kind")})
                    self._more.notify_all()
