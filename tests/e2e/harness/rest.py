"""A client of the REST API with nothing but the standard library."""

import contextlib
import http.client
import json
import urllib.parse

ANSWER_SECONDS = 75  # longer than the longest Prefer: wait


class Reply:
    """One answer: `status`, `headers` (lower-case names) and the decoded `body`."""

    def __init__(self, response):
        raw = response.read()
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        is_json = "json" in self.headers.get("content-type", "")
        self.body = json.loads(raw) if is_json and raw else raw.decode(errors="replace")

    def __repr__(self):
        return f"{self.status} {self.headers.get('dry-run', '')} {json.dumps(self.body, indent=1)}"


def segment(text):
    """A resource id as one segment of a path."""
    return urllib.parse.quote(text, safe="")


class Rest:
    """Calls http://127.0.0.1:PORT from inside a bed, or from here when `bed` is None.

    What listens there is the harness' proxy, which checks all that passes.
    """

    def __init__(self, token, port=7780, bed=None):
        self._token = token
        self._port = port
        self._bed = bed

    def connect(self, timeout_s=ANSWER_SECONDS):
        """An open connection, to read a stream from."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout_s)
        with self._bed.network() if self._bed else contextlib.nullcontext():
            connection.connect()
        return connection

    def headers(self, more=None):
        return {"Authorization": f"Bearer {self._token}", **(more or {})}

    def call(self, method, path, body=None, headers=None):
        """One request and its Reply. `body` is sent as JSON unless it is bytes."""
        sent = self.headers(headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = self.connect()
        try:
            connection.request(method, path, body, sent)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, path):
        """The body of a GET that must succeed."""
        reply = self.call("GET", path)
        if reply.status != 200:
            raise AssertionError(f"GET {path}: {reply}")
        return reply.body

    def items(self, path):
        """All items of a list, page by page."""
        found, cursor = [], None
        while True:
            joint = "&" if "?" in path else "?"
            page = self.get(path + (f"{joint}cursor={segment(cursor)}" if cursor else ""))
            found += page["items"]
            cursor = page.get("next")
            if not cursor:
                return found

    def resource_path(self, host, collection, rid):
        return f"/v1/hosts/{host}/resources/{collection}/{segment(rid)}"

    def resource(self, host, collection, rid):
        return self.get(self.resource_path(host, collection, rid))

    def put(self, host, collection, rid, description, policy=None, wait_s=60, query=""):
        """PUT of a description; with `wait_s` None the answer is what could be said at once."""
        body = {"description": description, **({"policy": policy} if policy else {})}
        prefer = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        return self.call("PUT", self.resource_path(host, collection, rid) + query, body, prefer)

    def delete(self, host, collection, rid, wait_s=60):
        prefer = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        return self.call("DELETE", self.resource_path(host, collection, rid), None, prefer)
