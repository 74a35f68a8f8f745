"""Peers that send hand-made AMQP frames, for what no engine would send."""
import re
import socket
import ssl
import struct

MODES = ("pipelined", "raw-nosasl", "greedy", "sessions", "links")


def text(value):
    data = value.encode()
    return b"\xa1" + bytes([len(data)]) + data


def symbol(value):
    return b"\xa3" + bytes([len(value)]) + value.encode()


def uint(value):
    return b"\x70" + struct.pack(">I", value)


NULL, TRUE, FALSE = b"\x40", b"\x41", b"\x42"
BEGIN, FLOW = 0x11, 0x13  # performatives


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


def connect(port, folder, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(f"{folder}/ca.pem")
    if certificate != "-":
        context.load_cert_chain(f"{folder}/{certificate}.pem", f"{folder}/{certificate}.key")
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=100))


def sasl(link, certificate):
    mechanism = "ANONYMOUS" if certificate == "-" else "EXTERNAL"
    link.sendall(b"AMQP\x03\x01\x00\x00" + frame(described(0x41, symbol(mechanism), b"\xa0\x00"),
                                                 kind=1))


def run(mode, port, folder, certificate, argument):
    link = connect(port, folder, certificate)
    if mode != "raw-nosasl":
        sasl(link, certificate)
    link.sendall(b"AMQP\x00\x01\x00\x00")
    if mode in ("pipelined", "raw-nosasl"):
        link.sendall(OPEN + begin() + attach(0, "events") +
                     b"".join(transfer(0, n) for n in range(3)))
    elif mode == "greedy":  # far more messages than there is credit for
        link.sendall(OPEN + begin() + attach(0, "events"))
        read_until(link, FLOW)
        send(link, b"".join(transfer(0, n) for n in range(int(argument))))
    elif mode == "sessions":
        link.sendall(OPEN + b"".join(begin(channel) for channel in range(int(argument))))
    elif mode == "links":
        link.sendall(OPEN + begin())
        read_until(link, BEGIN)
        send(link, b"".join(attach(handle, "events") for handle in range(int(argument))))
    print("heard", heard(link), flush=True)


def read_until(link, performative):
    """Reads what the listener sends up to the first frame with this performative."""
    data, mark = b"", b"\x00\x53" + bytes([performative])
    while mark not in data:
        got = link.recv(65536)
        if not got:
            raise ConnectionError("the listener hung up")
        data += got


def send(link, data):
    try:
        link.sendall(data)
    except OSError as error:
        print("cut while sending:", error, flush=True)


def heard(link):
    """Every readable word until the listener hung up; its close is never answered."""
    data = b""
    link.settimeout(100)
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
