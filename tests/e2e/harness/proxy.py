"""Stands between every client and the orchestrator, and holds what passes against the document.

Bytes pass as they are and at once, whatever they are; what is read out of them is only looked at.
It is looked at before it is passed on: who has an answer can be sure that it was judged.
"""

import collections
import contextlib
import http.client
import json
import socket
import struct
import threading

from harness.conformance import Conformance
from harness.passing import Message, Messages, Sse
from support.wait import WAIT_SECONDS

PIECE = 1 << 16
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: a close that the other side sees as a reset


class Proxy:
    """Listens on 127.0.0.1, in the network of `bed` or here; `port` 0 is any.

    `wrong` says what passed and is not what the document says, in order.
    """

    def __init__(self, bed=None, port=0, conformance=None):
        self.wrong = []
        self.upstream = None  # the orchestrator's port, once there is one
        self.conformance = conformance
        self._bed = bed
        self._links = set()
        with self._network():
            self._listening = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def serve(self, upstream):
        """From now on the orchestrator listens at that port, and is ready."""
        self.upstream = upstream
        if self.conformance is None:
            self.conformance = Conformance.of(self._document)

    def assert_conforming(self):
        """Fails once for all that was wrong since the last time."""
        wrong, self.wrong[:] = list(self.wrong), []
        if wrong:
            raise AssertionError("not what /v1/openapi.json says:\n" + "\n".join(wrong[:12]))

    def cut(self):
        """Breaks every connection that is open, as a lost network would."""
        for link in list(self._links):
            link.reset()

    def close(self):
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listening.close()
        self.cut()

    def connect(self):
        """A connection to the orchestrator itself."""
        with self._network():
            return socket.create_connection(("127.0.0.1", self.upstream), WAIT_SECONDS)

    def _network(self):
        return self._bed.network() if self._bed else contextlib.nullcontext()

    def _document(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream)
        with contextlib.closing(connection):
            connection.sock = self.connect()
            connection.request("GET", "/v1/openapi.json")
            return json.loads(connection.getresponse().read())

    def _accept(self):
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._link, args=(client,), daemon=True).start()

    def _link(self, client):
        try:
            server = self.connect()
        except (OSError, TypeError):
            # Nobody is there: as near to a refused connection as can be.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
            return
        link = Link(self, client, server)
        self._links.add(link)
        link.run()
        self._links.discard(link)


class Link:
    """One client's connection, and what was asked on it."""

    def __init__(self, proxy, client, server):
        self._proxy, self._client, self._server = proxy, client, server
        for end in (client, server):
            end.settimeout(None)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._asked = collections.deque()  # what is not answered yet
        self._request = None  # that is being answered; None: nobody could read it
        self._stream = None

    def run(self):
        requests = Messages(self._begin_request, self._keep, lambda _: None)
        answers = Messages(self._begin_answer, self._take, self._end_answer)
        up = threading.Thread(target=self._pump, daemon=True,
                              args=(self._client, self._server, requests))
        up.start()
        self._pump(self._server, self._client, answers)
        up.join()
        self._client.close()
        self._server.close()

    def reset(self):
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)

    def _pump(self, source, target, messages):
        readable = True
        try:
            while piece := source.recv(PIECE):
                try:
                    if readable:
                        messages.feed(piece)
                except ValueError:
                    readable = False  # a hostile client's; what it is answered is judged
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _begin_request(self, message):
        if "transfer-encoding" in message.headers:
            raise ValueError("its end is not known")
        length = int(message.headers.get("content-length", "0"))
        self._asked.append(message)
        return length

    @staticmethod
    def _keep(message, piece):
        message.body += piece

    def _begin_answer(self, message):
        status = int(message.start[1])
        if 100 <= status < 200:
            return 0
        self._request = self._asked.popleft() if self._asked else None
        bodiless = status in (204, 304) or self._request and self._request.start[0] == "HEAD"
        if not bodiless and message.kind() == "text/event-stream":
            self._judge(message)
            request = self._request
            self._stream = Sse(lambda fields: self._proxy.wrong.extend(
                self._proxy.conformance.check_event(request, fields)))
            return None
        return 0 if bodiless else int(message.headers["content-length"])

    def _take(self, message, piece):
        if self._stream:
            self._stream.feed(piece)
        else:
            message.body += piece

    def _end_answer(self, message):
        if not message.start[1].startswith("1"):
            self._judge(message)

    def _judge(self, answer: Message):
        self._proxy.wrong += self._proxy.conformance.check(self._request, answer)
