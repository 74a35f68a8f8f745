"""An agent on a host as root on that host speaks to it: over its local socket."""

import contextlib
import json
import socket
import threading
import time

SOCKET = "/run/evenkeel/agent.sock"
ANSWER_SECONDS = 60


class Refused(AssertionError):
    """The agent answered with an error."""


class LocalAgent:
    """The agent of a bed, or without one of this machine."""

    def __init__(self, bed=None, path=SOCKET):
        self._bed = bed
        self._path = path

    def ask(self, verb, **arguments):
        """The result of one request; Refused with the error's code and words."""
        with contextlib.closing(self._connect()) as line:
            return line.ask(verb, arguments)

    def apply(self, collection, rid, description, policy="report"):
        """Applies one description and returns its entry of the outcome."""
        return self.ask("apply", resources=[resource(collection, rid, description, policy)])[
            "resources"][0]

    def plan(self, collection, rid, description):
        return self.ask("plan", resources=[resource(collection, rid, description)])["resources"][0]

    def state(self, collection, rid):
        """What is there, or None."""
        try:
            items = self.ask("read", collection=collection, ids=[rid])["items"]
            return items[0]["state"] if items else None
        except Refused as error:
            if "not-found" in str(error):
                return None
            raise

    def watch(self):
        """A Watch that hears everything from now on."""
        line = self._connect()
        line.ask("watch", {})
        return Watch(line)

    def _connect(self):
        if not self._bed:
            return Line(self._path)
        return Line(self._bed.socket(self._path))


class Line:
    """One connection: a JSON object a line each way."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_SECONDS)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile(encoding="utf-8")

    def ask(self, verb, arguments):
        self._socket.sendall(json.dumps(
            {"type": "request", "verb": verb, "arguments": arguments,
             "timeout_ms": ANSWER_SECONDS * 1000}).encode() + b"\n")
        reply = json.loads(self._lines.readline())
        if error := reply.get("error"):
            raise Refused(f"{verb}: {error['code']}: {error['detail']}")
        return reply["result"]

    def follow(self):
        """What comes unasked, until end()."""
        self._socket.settimeout(None)
        yield from map(json.loads, self._lines)

    def end(self):
        """Wakes up who follows."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._lines.close()
        self._socket.close()


class Watch:
    """Events as they come; each is its data with its `kind`."""

    def __init__(self, line):
        self._line = line
        self._seen = []
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self):
        self._line.end()
        self._reader.join()
        self._line.close()

    def mark(self):
        """A place to look from."""
        with self._more:
            return len(self._seen)

    def kinds(self, collection, rid, since):
        """The kinds of the events about a resource from a mark on."""
        with self._more:
            return [event["kind"] for event in self._seen[since:]
                    if (event.get("collection"), event.get("id")) == (collection, rid)]

    def wait(self, kind, collection, rid, since, timeout_s):
        """The first event of this kind about a resource from a mark on, or None."""
        deadline = time.monotonic() + timeout_s
        with self._more:
            while True:
                for event in self._seen[since:]:
                    if (event["kind"], event.get("collection"), event.get("id")) == (
                            kind, collection, rid):
                        return event
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._more.wait(left)

    def _read(self):
        for event in self._line.follow():
            with self._more:
                self._seen.append({**event.get("data", {}), "kind": event.get("kind")})
                self._more.notify_all()


def resource(collection, rid, description, policy=None):
    """One entry of a FILE."""
    entry = {"collection": collection, "id": rid, "description": description}
    return {**entry, "policy": policy} if policy else entry
