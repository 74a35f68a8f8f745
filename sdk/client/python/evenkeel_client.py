"""A client of Evenkeel's REST API in one file, with nothing but the standard library.

    from evenkeel_client import Client

    client = Client.from_environment()            # EK_URL, EK_TOKEN_FILE, EK_CA_FILE
    for host in client.hosts():
        print(host["name"], host["connection"])
    command = client.put("web1", "files", "/etc/motd", {"content": "hello\\n"}, wait=30)
    for event in client.events(type="resource.drifted"):
        print(event["subject"], event["data"]["compliance"]["fields"])

Answers are the API's own JSON objects as dicts. What the API refuses is raised as `Problem`; what
never became an answer (no connection, a broken one, a deadline) as OSError or its TimeoutError.
A Client may be used by several threads; an EventStream by one at a time.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import queue
import random
import socket
import ssl
import threading
import time
import urllib.parse
import uuid
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

Json = Dict[str, Any]

FINISHED = frozenset(
    ("succeeded", "failed", "expired", "cancelled", "superseded", "interrupted"))
_ANSWER_BYTES_MOST = 64 << 20
_LINE_BYTES_MOST = 2 << 20
_SILENCE_SECONDS_MOST = 60
_WAIT_SECONDS_MOST = 60  # what the API takes in Prefer: wait


class Problem(Exception):
    """An answer that is not 2xx: RFC 9457 problem+json, or what could be made of it."""

    def __init__(self, status: int, body: Json, retry_after: Optional[float] = None):
        self.status = status
        self.body = body
        self.code: str = str(body.get("code", ""))
        self.detail: str = str(body.get("detail") or body.get("title") or "")
        self.request_id: str = str(body.get("request_id", ""))
        self.errors: List[Json] = [e for e in body.get("errors") or [] if isinstance(e, dict)]
        self.retry_after = retry_after
        super().__init__(self._text())

    def _text(self) -> str:
        parts = [f"{self.status} {self.code}: {self.detail}"]
        parts += [f"{e.get('pointer') or '/'}: {e.get('detail', '')}" for e in self.errors]
        if self.request_id:
            parts.append(f"request {self.request_id}")
        return "; ".join(parts)


def quote(segment: str) -> str:
    """One path segment, everything outside the unreserved characters as %XX."""
    return urllib.parse.quote(segment, safe="")


class Client:
    """Calls of one orchestrator. `timeout` is in seconds, of one request without its wait."""

    def __init__(self, url: str, token: str = "", *, token_file: Optional[str] = None,
                 ca_file: Optional[str] = None, timeout: float = 30.0, attempts: int = 4):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError(f"{url!r} is not an http or https URL of an orchestrator")
        if token_file is not None:
            with open(token_file, encoding="ascii") as file:
                token = file.read(4097).strip()
        if not all("!" <= c <= "~" for c in token) or len(token) > 4096:
            raise ValueError("the token is not one word of printable ASCII")
        if token and parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError(f"a token is not sent in the clear: use https for {parts.hostname}")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._base = parts.path.rstrip("/")
        self._token = token
        self._context = ssl.create_default_context(cafile=ca_file) if self._secure else None
        self.timeout = timeout
        self.attempts = attempts

    @classmethod
    def from_environment(cls, **options: Any) -> "Client":
        """From EK_URL, EK_TOKEN_FILE and EK_CA_FILE, as the ek command reads them."""
        return cls(os.environ["EK_URL"], token_file=os.environ.get("EK_TOKEN_FILE"),
                   ca_file=os.environ.get("EK_CA_FILE"), **options)

    def request(self, method: str, path: str, body: Any = None, *,
                query: Optional[Mapping[str, Any]] = None,
                headers: Optional[Mapping[str, str]] = None,
                wait: float = 0) -> Tuple[int, Dict[str, str], Any]:
        """Status, headers (lower-case names) and decoded JSON (None without a body) of a 2xx.

        `wait` seconds are asked for with Prefer, so that a command's answer is the finished one.
        429, 503 and lost connections are tried again; what changes something is sent with an
        Idempotency-Key (one of its own unless `headers` has one), so that it has its effect once.
        """
        all_headers = dict(headers or {})
        if method not in ("GET", "HEAD"):
            all_headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        if wait > 0:
            all_headers["Prefer"] = f"wait={max(1, min(_WAIT_SECONDS_MOST, round(wait)))}"
        attempt = 0
        while True:
            attempt += 1
            last = attempt >= self.attempts
            try:
                return self._once(method, path, body, query, all_headers, wait)
            except Problem as problem:
                in_work = problem.status == 409 and problem.retry_after is not None
                if last or not (in_work or problem.status in (429, 503)):
                    raise
                pause = problem.retry_after
            except TimeoutError:
                raise
            except OSError:
                if last:
                    raise
                pause = None
            if pause is None:
                pause = random.uniform(0, min(5.0, 0.1 * 2 ** attempt))
            time.sleep(min(pause, 30.0))

    def _once(self, method: str, path: str, body: Any, query: Optional[Mapping[str, Any]],
              headers: Mapping[str, str], wait: float) -> Tuple[int, Dict[str, str], Any]:
        connection = self._connect(self.timeout + wait)
        try:
            answer = self._send(connection, method, path, body, query, headers)
            data = answer.read(_ANSWER_BYTES_MOST + 1)
            if len(data) > _ANSWER_BYTES_MOST:
                raise ConnectionError("the answer is larger than 64 MiB")
            if not 200 <= answer.status < 300:
                raise _problem(answer, data)
            received = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, received, _decode(answer, data) if data else None
        except http.client.HTTPException as error:
            raise ConnectionError(f"not an answer of the API: {error!r}") from error
        finally:
            connection.close()

    def _connect(self, timeout: Optional[float]) -> http.client.HTTPConnection:
        if self._secure:
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout,
                                               context=self._context)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def _send(self, connection: http.client.HTTPConnection, method: str, path: str, body: Any,
              query: Optional[Mapping[str, Any]],
              headers: Mapping[str, str]) -> http.client.HTTPResponse:
        target = self._base + path
        if query:
            given = {k: v for k, v in query.items() if v is not None}
            target += ("&" if "?" in path else "?") + urllib.parse.urlencode(given) if given else ""
        all_headers = {"Accept": "application/json", "User-Agent": "evenkeel-python"}
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            all_headers["Content-Type"] = "application/json"
        if self._token:
            all_headers["Authorization"] = f"Bearer {self._token}"
        all_headers.update(headers)
        connection.request(method, target, data, all_headers)
        return connection.getresponse()

    def get(self, path: str, **query: Any) -> Any:
        return self.request("GET", path, query=query)[2]

    def list(self, path: str, **query: Any) -> Iterator[Json]:
        """The items of every page of a list."""
        cursor: Optional[str] = query.pop("cursor", None)
        while True:
            page = self.get(path, **{**query, "cursor": cursor})
            yield from page["items"]
            following = page.get("next")
            if not following:
                return
            if following == cursor:
                raise ConnectionError(f"{path} answers the same cursor again")
            cursor = following

    def hosts(self, **query: str) -> List[Json]:
        """`filter` and `order_by`, here and in the other lists, as in docs/rest.md."""
        return list(self.list("/v1/hosts", **query))

    def host(self, host: str) -> Json:
        return self.get(f"/v1/hosts/{quote(host)}")

    def update_host(self, host: str, *, name: Optional[str] = None,
                    labels: Optional[Mapping[str, Optional[str]]] = None,
                    environment: Optional[str] = None) -> Json:
        """A label of None is taken away."""
        patch: Json = {}
        if name is not None:
            patch["name"] = name
        if environment is not None:
            patch["environment"] = environment
        if labels is not None:
            patch["labels"] = dict(labels)
        return self.request("PATCH", f"/v1/hosts/{quote(host)}", patch,
                            headers={"Content-Type": "application/merge-patch+json"})[2]

    def retire(self, host: str) -> Any:
        return self.request("POST", f"/v1/hosts/{quote(host)}:retire")[2]

    def release_name(self, host: str) -> Any:
        """Lets others have the name of a retired host before its 30 days are over."""
        return self.request("POST", f"/v1/hosts/{quote(host)}:release-name")[2]

    def create_enrolment_token(self, name: str = "", *, uses: int = 1, expires_in: str = "1h",
                               labels: Optional[Mapping[str, str]] = None,
                               replaces: Optional[str] = None,
                               environment: Optional[str] = None) -> Json:
        """{"id","secret","install"}; the secret is shown this once. `replaces`: the host whose
        place the machine takes."""
        body: Json = {"uses": uses, "expires_in": expires_in, "labels": dict(labels or {})}
        if name:
            body["name"] = name
        if replaces:
            body["replaces"] = replaces
        if environment:
            body["environment"] = environment
        return self.request("POST", "/v1/enrolment-tokens", body)[2]

    def approve_enrolment_token(self, id: str) -> Json:
        """Of somebody else, for a protected environment: hosts come in with it from then on."""
        return self.request("POST", f"/v1/enrolment-tokens/{quote(id)}:approve")[2]

    def collections(self, host: str, **query: str) -> List[Json]:
        return list(self.list(f"/v1/hosts/{quote(host)}/collections", **query))

    def collection(self, host: str, collection: str) -> Json:
        return self.get(f"/v1/hosts/{quote(host)}/collections/{quote(collection)}")

    def resources(self, host: str, collection: Optional[str] = None,
                  **query: str) -> List[Json]:
        path = f"/v1/hosts/{quote(host)}/resources"
        return list(self.list(path + (f"/{quote(collection)}" if collection else ""), **query))

    def resource(self, host: str, collection: str, id: str, *, live: bool = False) -> Json:
        query = {"live": "true"} if live else {}
        return self.get(_resource(host, collection, id), **query)

    def put(self, host: str, collection: str, id: str, description: Json,
            policy: Optional[str] = None, *, wait: float = 0, dry_run: bool = False,
            if_match: Optional[str] = None, create_only: bool = False,
            requires: Optional[List[Json]] = None, notifies: Optional[List[Json]] = None,
            override: bool = False) -> Json:
        """What an assignment owns is refused (`owned`), unless `override`.
        The command; with `wait` (seconds) the finished one, even failed, or TimeoutError."""
        body: Json = {"description": description}
        if policy is not None:
            body["policy"] = policy
        if requires is not None:
            body["requires"] = requires
        if notifies is not None:
            body["notifies"] = notifies
        headers = {}
        if if_match is not None:
            headers["If-Match"] = if_match
        if create_only:
            headers["If-None-Match"] = "*"
        return self._command("PUT", _resource(host, collection, id), body, wait, dry_run, headers,
                             override)

    def delete(self, host: str, collection: str, id: str, *, wait: float = 0,
               dry_run: bool = False, override: bool = False) -> Json:
        return self._command("DELETE", _resource(host, collection, id), None, wait, dry_run,
                             override=override)

    def forget(self, host: str, collection: str, id: str, *, wait: float = 0) -> Json:
        return self._command("POST", _resource(host, collection, id) + ":forget", None, wait, False)

    def history(self, host: str, collection: str, id: str) -> list[Json]:
        """What the resource was described as, the newest first."""
        return list(self.list(_resource(host, collection, id) + "/history"))

    def rollback(self, host: str, collection: str, id: str, revision: int, *, wait: float = 0,
                 dry_run: bool = False, override: bool = False) -> Json:
        """Describes the resource as in a generation of its history."""
        return self._command("POST", _resource(host, collection, id) + ":rollback",
                             {"revision": revision}, wait, dry_run, override=override)

    def invoke(self, host: str, collection: str, id: str, action: str,
               arguments: Optional[Json] = None, *, wait: float = 0) -> Json:
        """Runs an action once; the host must be connected."""
        body: Json = {"action": action}
        if arguments is not None:
            body["arguments"] = arguments
        return self._command("POST", _resource(host, collection, id) + ":invoke", body, wait, False)

    def apply(self, host: str, resources: List[Json], *, wait: float = 0,
              dry_run: bool = False) -> Json:
        """`resources`: [{"collection","id","description","policy"}], as one command."""
        return self._command("POST", f"/v1/hosts/{quote(host)}:apply", {"resources": resources},
                             wait, dry_run)

    def apply_to_fleet(self, resources: List[Json], *, filter: Optional[str] = None,
                       hosts: Optional[List[str]] = None, wait: float = 0,
                       dry_run: bool = False) -> Json:
        """The same on many hosts, one command each: those that `filter` finds in the list of hosts,
        or `hosts` (names or ids). The answer counts the commands by their state and says which
        hosts are `refused`; with `wait` (60 seconds at most) it comes when all have ended or the
        time is over. `commands(filter="request_id = ...")` lists them."""
        target: Json = {"hosts": hosts} if filter is None else {"filter": filter}
        return self.request("POST", "/v1/resources:apply",
                            {"target": target, "resources": resources},
                            query={"dry_run": "all"} if dry_run else None,
                            wait=0 if dry_run else wait)[2]

    def _command(self, method: str, path: str, body: Any, wait: float, dry_run: bool,
                 headers: Optional[Mapping[str, str]] = None, override: bool = False) -> Json:
        query = {"dry_run": "all"} if dry_run else {}
        if override:
            query["override"] = "true"
        deadline = time.monotonic() + wait
        command = self.request(method, path, body, query=query, headers=headers,
                               wait=0 if dry_run else wait)[2]
        if dry_run or wait <= 0:
            return command
        return self.wait(command, max(0.0, deadline - time.monotonic()))

    def commands(self, **query: str) -> List[Json]:
        """Those of `host` and in `state`, where given."""
        return list(self.list("/v1/commands", **query))

    def command(self, id: str) -> Json:
        return self.get(f"/v1/commands/{quote(id)}")

    def cancel(self, id: str) -> Any:
        return self.request("POST", f"/v1/commands/{quote(id)}:cancel")[2]

    def wait(self, command: Json, timeout: float = 60.0) -> Json:
        """The command once it is finished; TimeoutError when it is not within `timeout` seconds."""
        return self.wait_until(command, lambda one: one["state"] in FINISHED,
                               f"command {command['id']}", self.command, timeout)

    @staticmethod
    def wait_until(one: Json, is_done: Callable[[Json], bool], what: str,
                   ask: Callable[[str], Json], timeout: float) -> Json:
        """Asks for the object by its id, with growing pauses, until it is done."""
        deadline = time.monotonic() + timeout
        pause = 0.1
        while not is_done(one):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{what} is still {one['state']}")
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(2.0, pause * 1.5)
            one = ask(one["id"])
        return one

    def compliance(self, **query: str) -> Json:
        """{"items","counts","revision"} with the items of every page; `host`, `collection`,
        `status`."""
        page = self.get("/v1/compliance", **query)
        following = page.pop("next", None)
        if following:
            rest = self.list("/v1/compliance", **query, cursor=following)
            page["items"].extend(rest)
        return page

    def events(self, *, since: Optional[str] = None, host: Optional[str] = None,
               type: Optional[str] = None, idle: Optional[float] = None) -> "EventStream":
        """Events from `since` (an event's id) or from now; connected when this returns.

        With `idle`, iterating raises TimeoutError after so many seconds without an event; the
        stream may be read on.
        """
        return EventStream(self, since, {"host": host, "type": type}, idle)


class EventStream:
    """Iterates over CloudEvents (dicts). Connects again by itself and resumes after the last id.

    Events that are no longer kept end it with Problem 410: read the state, then follow from now. A
    thread of its own reads the connection, so that waiting for an event can be given a bound.
    """

    def __init__(self, client: Client, since: Optional[str], query: Mapping[str, Optional[str]],
                 idle: Optional[float]):
        self._client = client
        self._query = dict(query)
        self._read_id = since
        self.last_id = since  # of the event that was handed out last
        self.idle = idle
        self._retry_s = 1.0
        self._closed = threading.Event()
        self._queue: "queue.Queue[Any]" = queue.Queue(maxsize=10_000)
        self._connect()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread out of its read
        except OSError:
            pass

    def __enter__(self) -> "EventStream":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Json]:
        return self

    def __next__(self) -> Json:
        return self.next(self.idle)

    def next(self, timeout: Optional[float] = None) -> Json:
        """The next event; TimeoutError when none comes within `timeout` seconds."""
        if self._closed.is_set():
            raise StopIteration  # the end of a for loop
        try:
            taken = self._queue.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"no event within {timeout} seconds") from None
        if isinstance(taken, Exception):
            self.close()
            raise taken
        self.last_id = taken.get("id") or self.last_id
        return taken

    def _run(self) -> None:
        """[the stream's own thread] Reads, and after a loss connects again with back-off."""
        while not self._closed.is_set():
            try:
                self._read_events()
            except (OSError, ValueError, http.client.HTTPException):
                pass
            if not self._read_id:
                self._put(ConnectionError("the stream was lost before its first event, "
                                          "so what came meanwhile is not known"))
                return
            self._answer.close()
            self._connection.close()
            while not self._closed.wait(random.uniform(0, self._retry_s)):
                self._retry_s = min(30.0, self._retry_s * 2)
                try:
                    self._connect()
                    break
                except Problem as problem:
                    if problem.status not in (429, 503):
                        self._put(problem)
                        return
                except (OSError, http.client.HTTPException):
                    pass

    def _put(self, item: Any) -> None:
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=0.5)
                return
            except queue.Full:
                pass

    def _connect(self) -> None:
        headers = {"Accept": "text/event-stream"}
        if self._read_id:
            headers["Last-Event-ID"] = self._read_id
        connection = self._client._connect(self._client.timeout)
        try:
            connection.connect()
            self._socket = connection.sock  # the connection itself may drop it after the headers
            answer = self._client._send(connection, "GET", "/v1/events", None, self._query, headers)
            if answer.status != 200:
                raise _problem(answer, answer.read(_ANSWER_BYTES_MOST))
        except BaseException:
            connection.close()
            raise
        # Keep-alives come every few seconds: much longer silence is a dead link.
        self._socket.settimeout(_SILENCE_SECONDS_MOST)
        self._connection, self._answer = connection, answer

    def _read_events(self) -> None:
        """Until the connection ends. An id counts only once its event is complete."""
        data: List[bytes] = []
        event_id: Optional[str] = None
        event_name = b""
        while not self._closed.is_set():
            line = self._answer.readline(_LINE_BYTES_MOST)
            if not line.endswith(b"\n"):
                return  # the end, within a line or not, or a line that is too long
            line = line.rstrip(b"\r\n")
            if not line:
                if event_name == b"error":
                    return  # the server's last word: this reader was too slow
                if data:
                    self._put(json.loads(b"\n".join(data)))
                    self._retry_s = 1.0
                self._read_id = event_id or self._read_id
                data, event_id, event_name = [], None, b""
                continue
            name, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event_name = value
            elif name == b"id" and b"\0" not in value:
                event_id = value.decode()
            elif name == b"retry" and value.isdigit():
                self._retry_s = min(30.0, max(0.05, int(value) / 1000))


def _resource(host: str, collection: str, id: str) -> str:
    return f"/v1/hosts/{quote(host)}/resources/{quote(collection)}/{quote(id)}"


def _decode(answer: http.client.HTTPResponse, data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        detail = "the answer is not JSON: is this Evenkeel's API?"
        raise Problem(answer.status, {"code": "bad-answer", "detail": detail}) from None


def _problem(answer: http.client.HTTPResponse, data: bytes) -> Problem:
    try:
        body = json.loads(data)
        if not isinstance(body, dict):
            raise ValueError
    except ValueError:
        body = {"title": answer.reason, "detail": f"{answer.status} {answer.reason}"}
    after = answer.getheader("Retry-After", "")
    return Problem(answer.status, body, float(after) if after.isdigit() else None)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
