"""A small HTTP server that answers as scripted and records what it was asked."""

import http.server
import json
import socket
import threading
import urllib.parse

REQUEST_ID = "req_0192f0c1-0000-7000-8000-000000000001"


class Request:
    def __init__(self, handler):
        self.method = handler.command
        self.target = handler.path
        self.path, _, query = handler.path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        length = int(self.headers.get("content-length", 0))
        self.body = handler.rfile.read(length)

    def json(self):
        return json.loads(self.body)


def reply(status, body=None, headers=None, raw=None):
    """An answer with a JSON body, or with the bytes `raw`."""
    data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} if raw is None and body is not None else {}
    sent.update(headers or {})

    def answer(handler, _request):
        handler.send_response(status)
        for name, value in sent.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def problem(status, code, detail="it is so", errors=None, headers=None):
    body = {"type": f"/problems/{code}", "title": "No", "status": status, "detail": detail,
            "instance": "/v1/x", "code": code, "request_id": REQUEST_ID}
    if errors:
        body["errors"] = errors
    return reply(status, body, {"Content-Type": "application/problem+json", **(headers or {})})


def page(items, following=None, **more):
    return reply(200, {"items": items, "next": following, "revision": 40, **more})


def hang_up():
    """The request is read and the connection closed without a word."""
    def answer(handler, _request):
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    return answer


def stream(*pieces, hold=None):
    """An event stream of these pieces, each flushed; then held until `hold` is set, or ended."""
    def answer(handler, _request):
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(piece.encode())
            handler.wfile.flush()
        if hold is not None:
            hold.wait(120)

    return answer


def sse(number, type="resource.drifted", host="host_a", stream_id="s1",
        recorded="2026-11-23T05:36:53.200Z", **data):
    """One event as the API frames it."""
    event = {"specversion": "1.0", "id": f"{stream_id}-{number}", "type": type,
             "source": f"/v1/hosts/{host}", "subject": "files//etc/motd",
             "time": "2026-11-23T05:36:53.120Z", "recordedtime": recorded,
             "data": {"host": host, **data}}
    return f"id: {event['id']}\nevent: {type}\ndata: {json.dumps(event)}\n\n"


def told(event, **item):
    """One change of a followed list."""
    return f"event: {event}\ndata: {json.dumps(item)}\n\n"


def bookmark(revision, initial_end=False, stream_id="s1"):
    """The end of the changes so far."""
    data = json.dumps({"revision": revision, "initial_end": initial_end})
    return f"id: {stream_id}-{revision}\nevent: bookmark\ndata: {data}\n\n"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one(self):
        request = Request(self)
        self.server.api.answer_to(request)(self, request)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = handle_one

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that went away is part of the tests


class FakeApi:
    """Answers each route with what was scripted for it, in turn; the last one stays."""

    def __init__(self, tls_context=None):
        self.requests = []
        self._routes = {}
        self._lock = threading.Lock()
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.api = self
        if tls_context:
            self._server.socket = tls_context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if tls_context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def on(self, method, path, *answers):
        """`path` without query, percent-encoded as it is sent."""
        self._routes[(method, path)] = list(answers)

    def answer_to(self, request):
        with self._lock:
            self.requests.append(request)
            answers = self._routes.get((request.method, request.path))
            if not answers:
                return problem(404, "not-found", f"nothing at {request.path}")
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def asked(self, method, path=None):
        """The requests of that method, and path, in order."""
        return [r for r in self.requests if r.method == method and path in (None, r.path)]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
