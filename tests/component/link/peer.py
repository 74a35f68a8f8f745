"""A peer that breaks the rules, with Proton's engine or with hand-made AMQP frames.

peer.py MODE PORT FOLDER CERTIFICATE [ARGUMENT]; prints what the listener did, one line an event.
CERTIFICATE is the name of a key pair in FOLDER, or "-".
"""
import re
import socket
import ssl
import struct
import sys
import time

MODE, PORT, FOLDER, CERTIFICATE = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
ARGUMENT = sys.argv[5] if len(sys.argv) > 5 else ""


# With Proton's engine

def run_engine():
    from proton import Message, SSLDomain
    from proton.handlers import MessagingHandler
    from proton.reactor import Container

    class Peer(MessagingHandler):
        def __init__(self):
            super().__init__()
            self.began = False

        def on_start(self, event):
            options = {"reconnect": False, "heartbeat": 20}
            scheme = "amqp"
            if MODE != "plaintext":
                scheme = "amqps"
                domain = SSLDomain(SSLDomain.MODE_CLIENT)
                domain.set_trusted_ca_db(f"{FOLDER}/ca.pem")
                domain.set_peer_authentication(SSLDomain.VERIFY_PEER)
                if CERTIFICATE != "-":
                    domain.set_credentials(f"{FOLDER}/{CERTIFICATE}.pem",
                                           f"{FOLDER}/{CERTIFICATE}.key", None)
                options["ssl_domain"] = domain
            if MODE == "nosasl":
                options["sasl_enabled"] = False
            url = f"{scheme}://127.0.0.1:{PORT}"
            self.connection = event.container.connect(url, **options)
            self.sender = event.container.create_sender(self.connection, "events")
            self.container = event.container
            self.limit = event.container.schedule(15, Later(self.close))

        def on_sendable(self, event):
            if self.began:
                return
            self.began = True
            if MODE == "empty":
                self.sender.delivery("t1")
                self.sender.stream(b"")
                self.sender.advance()
            elif MODE == "aborted":
                delivery = self.sender.delivery("t1")
                self.sender.stream(b"abcdef" * 20000)
                event.container.schedule(0.3, Later(delivery.abort))
                event.container.schedule(0.6, Later(self.good))
            elif MODE == "bytes":
                self.sender.delivery("t1")
                self.sender.stream(bytes.fromhex(ARGUMENT))
                self.sender.advance()
            elif MODE == "nested":
                self.sender.delivery("t1")
                self.sender.stream(nested(int(ARGUMENT)))
                self.sender.advance()
            elif MODE == "map":
                self.sender.send(Message(body={"a": 1}))
            elif MODE == "binary":
                self.sender.send(Message(body=b'{"binary":true}', inferred=True))
            elif MODE == "large":
                self.sender.send(Message(body=b"x" * int(ARGUMENT)))
            else:
                self.good()

        def good(self):
            self.sender.send(Message(body='{"from":"python"}'))

        def close(self):
            self.limit.cancel()
            self.connection.close()

        def end(self, word):
            print(word, flush=True)
            if MODE != "aborted" or word == "accepted":
                self.close()

        def on_accepted(self, event):
            self.end("accepted")

        def on_rejected(self, event):
            self.end("rejected")

        def on_released(self, event):
            self.end("released")

        def on_transport_error(self, event):
            self.limit.cancel()
            print("transport", event.transport.condition, flush=True)

        def on_connection_error(self, event):
            self.limit.cancel()
            print("connection", event.connection.remote_condition, flush=True)

        def on_link_error(self, event):
            self.limit.cancel()
            print("link", event.link.remote_condition, flush=True)

    class Later:
        def __init__(self, call):
            self.call = call

        def on_timer_task(self, event):
            self.call()

    Container(Peer()).run()


def nested(levels):
    """An amqp-value of lists in lists."""
    inner = b"\x40"
    out = []
    size = len(inner)
    for _ in range(levels):
        out.append(b"\xd0" + struct.pack(">II", size + 4, 1))
        size += 9
    return b"\x00\x53\x77" + b"".join(reversed(out)) + inner


# With hand-made frames

def text(value):
    data = value.encode()
    return b"\xa1" + bytes([len(data)]) + data


def symbol(value):
    return b"\xa3" + bytes([len(value)]) + value.encode()


def uint(value):
    return b"\x70" + struct.pack(">I", value)


NULL, TRUE, FALSE = b"\x40", b"\x41", b"\x42"


def described(code, *fields):
    body = b"".join(fields)
    head = b"\x00\x53" + bytes([code])
    return head + b"\xd0" + struct.pack(">II", len(body) + 4, len(fields)) + body


def frame(body, channel=0, kind=0):
    return struct.pack(">IBBH", len(body) + 8, 2, kind, channel) + body


OPEN = frame(described(0x10, text("raw"), text("evenkeel-orchestrator")))


def begin(channel=0):
    return frame(described(0x11, NULL, uint(0), uint(2048), uint(2048)), channel)


def attach(handle, address, receiver=False):
    fields = [text(f"link-{handle}"), uint(handle), TRUE if receiver else FALSE, NULL, NULL,
              described(0x28, text(address)), described(0x29, text(address)), NULL, NULL, uint(0)]
    return frame(described(0x12, *fields))


def transfer(handle, number):
    head = described(0x14, uint(handle), uint(number), b"\xa0\x04" + struct.pack(">I", number),
                     uint(0), FALSE, FALSE)
    return frame(head + b"\x00\x53\x77" + text('{"n":%d}' % number))


def connect():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(f"{FOLDER}/ca.pem")
    if CERTIFICATE != "-":
        context.load_cert_chain(f"{FOLDER}/{CERTIFICATE}.pem", f"{FOLDER}/{CERTIFICATE}.key")
    return context.wrap_socket(socket.create_connection(("127.0.0.1", PORT), timeout=10))


def sasl(link):
    mechanism = "ANONYMOUS" if CERTIFICATE == "-" else "EXTERNAL"
    link.sendall(b"AMQP\x03\x01\x00\x00" + frame(described(0x41, symbol(mechanism), b"\xa0\x00"),
                                                 kind=1))


def run_frames():
    link = connect()
    if MODE != "raw-nosasl":
        sasl(link)
    link.sendall(b"AMQP\x00\x01\x00\x00")
    if MODE in ("pipelined", "raw-nosasl"):
        link.sendall(OPEN + begin() + attach(0, "events") +
                     b"".join(transfer(0, n) for n in range(3)))
    elif MODE == "greedy":  # far more messages than there is credit for
        link.sendall(OPEN + begin() + attach(0, "events"))
        time.sleep(0.5)
        send(link, b"".join(transfer(0, n) for n in range(int(ARGUMENT))))
    elif MODE == "sessions":
        link.sendall(OPEN + b"".join(begin(channel) for channel in range(int(ARGUMENT))))
    elif MODE == "links":
        link.sendall(OPEN + begin())
        time.sleep(0.5)
        send(link, b"".join(attach(handle, "events") for handle in range(int(ARGUMENT))))
    print("heard", heard(link), flush=True)


def send(link, data):
    try:
        link.sendall(data)
    except OSError as error:
        print("cut while sending:", error, flush=True)


def heard(link):
    """Every readable word that came until the listener hung up, without ever answering its close."""
    data = b""
    link.settimeout(10)
    try:
        while True:
            got = link.recv(65536)
            if not got:
                data += b" hung-up"
                break
            data += got
    except TimeoutError:
        data += b" still-there"
    except OSError:
        data += b" hung-up"
    return " ".join(word.decode() for word in re.findall(rb"[ -~]{4,}", data))


if MODE in ("pipelined", "raw-nosasl", "greedy", "sessions", "links"):
    run_frames()
else:
    run_engine()
