"""HTTP/1.1 and server-sent events as they pass by, cut out of pieces of any size."""


class Message:
    """A request or an answer: `start`, words of its first line; `headers` by lower-case names."""

    def __init__(self, head):
        first, *lines = head.decode("latin-1").split("\r\n")
        self.start = first.split(" ", 2)
        self.headers = {}
        self.body = b""
        if len(self.start) < 2:
            raise ValueError(f"no first line of HTTP: {first!r}")
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise ValueError(f"no header field: {line!r}")
            self.headers[name.lower()] = value.strip()

    def kind(self):
        """The media type, without parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip()


class Messages:
    """Cuts one direction of a connection into messages.

    `begin(message)` says how many bytes of body follow, None for all up to the end;
    `data(message, piece)` gets them, `end(message)` comes behind the last. What begin raises, and
    what is no HTTP, is a ValueError of feed.
    """

    def __init__(self, begin, data, end):
        self._begin, self._data, self._end = begin, data, end
        self._head = b""
        self._message = None
        self._left = 0

    def feed(self, piece):
        while piece or (self._message and self._left == 0):
            if self._message is None:
                self._head += piece
                head, found, piece = self._head.partition(b"\r\n\r\n")
                if not found:
                    return
                self._head = b""
                message = Message(head)
                self._left = self._begin(message)
                self._message = message
            taken = piece if self._left is None else piece[:self._left]
            piece = piece[len(taken):]
            if self._left is not None:
                self._left -= len(taken)
            if taken:
                self._data(self._message, taken)
            if self._left == 0:
                message, self._message = self._message, None
                self._end(message)


class Sse:
    """Cuts text/event-stream into events: `take(fields)`, where `data` has its lines joined."""

    def __init__(self, take):
        self._take = take
        self._rest = b""
        self._fields = {}

    def feed(self, piece):
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            name, _, value = line.decode().rstrip("\r").partition(":")
            value = value.removeprefix(" ")
            if line.strip():
                known = self._fields.get(name) if name == "data" else None
                self._fields[name] = value if known is None else known + "\n" + value
                continue
            fields, self._fields = self._fields, {}
            if "data" in fields:
                self._take(fields)
