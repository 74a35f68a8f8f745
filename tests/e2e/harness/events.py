"""A reader of the event stream that comes back after every break where it left off."""

import contextlib
import http.client
import json
import threading
import time

from support.wait import WAIT_SECONDS

RETRY_SECONDS = 0.05
SILENCE_SECONDS = 30  # more than the stream's own keep-alive


class Events:
    """Collects events in the background from when it is made until close().

    `seen` holds every event in order of arrival. A stream that answers 410 ends the reader, with
    the reason in `gone`.
    """

    def __init__(self, rest, since=None, query=""):
        self.seen = []
        self.gone = None
        self.breaks = 0
        self._rest = rest
        self._last = since
        self._path = "/v1/events" + query
        self._closing = threading.Event()
        self._more = threading.Condition()
        self._open = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        if not self._open.wait(WAIT_SECONDS):
            raise AssertionError("the event stream did not open")

    def close(self):
        self._closing.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def mark(self):
        """A place in `seen` to look from."""
        return len(self.seen)

    def matching(self, wanted, since=0):
        with self._more:
            return [event for event in self.seen[since:] if wanted(event)]

    def wait(self, wanted, timeout_s=WAIT_SECONDS, since=0, what="event"):
        """The first event from `since` on that is wanted; fails after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        with self._more:
            while True:
                for event in self.seen[since:]:
                    if wanted(event):
                        return event
                left = deadline - time.monotonic()
                if left <= 0:
                    tail = [f"{event['type']} {event.get('subject')}" for event in
                            self.seen[since:]]
                    raise AssertionError(f"no {what} in {timeout_s} s; seen: {tail}")
                self._more.wait(left)

    def _run(self):
        while not self._closing.is_set() and self.gone is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._read_once()
            self.breaks += 1
            self._closing.wait(RETRY_SECONDS)

    def _read_once(self):
        connection = self._rest.connect(SILENCE_SECONDS)
        with contextlib.closing(connection):
            resume = {"Last-Event-ID": self._last} if self._last else {}
            connection.request("GET", self._path, headers=self._rest.headers(
                {"Accept": "text/event-stream", **resume}))
            response = connection.getresponse()
            if response.status == 410:
                self.gone = json.loads(response.read())
                self._open.set()
                return
            if response.status != 200:
                return
            self._open.set()
            self._read_events(response)

    def _read_events(self, response):
        fields = {}
        while not self._closing.is_set():
            line = response.readline()
            if not line:
                return
            text = line.decode().rstrip("\r\n")
            if text:
                name, _, value = text.partition(":")
                value = value.removeprefix(" ")
                fields[name] = fields[name] + "\n" + value if name in fields else value
            elif "data" in fields:
                self._take(fields)
                fields = {}
            else:
                self._last = fields.get("id", self._last)
                fields = {}

    @property
    def position(self):
        """The stream's last id, also of one that came without an event."""
        return self._last

    def _take(self, fields):
        event = json.loads(fields["data"])
        event["_sse"] = {"id": fields.get("id"), "event": fields.get("event")}
        with self._more:
            self._last = fields.get("id", self._last)
            self.seen.append(event)
            self._more.notify_all()


def about(kind, host, collection, rid):
    """Wants events of this type about this resource. `host` is a host's id."""
    return lambda event: (event["type"] == kind and event["data"]["host"] == host
                          and event["data"]["collection"] == collection
                          and event["data"]["id"] == rid)
