"""Peers that Proton's engine, under Python, lets break the rules."""
import struct

from proton import Message, SSLDomain
from proton.handlers import MessagingHandler
from proton.reactor import Container


def nested(levels):
    """An amqp-value of lists in lists."""
    inner = b"\x40"
    out = []
    size = len(inner)
    for _ in range(levels):
        out.append(b"\xd0" + struct.pack(">II", size + 4, 1))
        size += 9
    return b"\x00\x53\x77" + b"".join(reversed(out)) + inner


class Peer(MessagingHandler):
    def __init__(self, mode, port, folder, certificate, argument):
        super().__init__()
        self.mode, self.port, self.argument = mode, port, argument
        self.folder, self.certificate = folder, certificate
        self.began = False
        self.sent = self.credit = self.flows = 0

    def on_start(self, event):
        options = {"reconnect": False, "heartbeat": 20}
        scheme = "amqp"
        if self.mode != "plaintext":
            scheme = "amqps"
            domain = SSLDomain(SSLDomain.MODE_CLIENT)
            domain.set_trusted_ca_db(f"{self.folder}/ca.pem")
            domain.set_peer_authentication(SSLDomain.VERIFY_PEER)
            if self.certificate != "-":
                domain.set_credentials(f"{self.folder}/{self.certificate}.pem",
                                       f"{self.folder}/{self.certificate}.key", None)
            options["ssl_domain"] = domain
        if self.mode == "nosasl":
            options["sasl_enabled"] = False
        url = f"{scheme}://127.0.0.1:{self.port}"
        self.connection = event.container.connect(url, **options)
        self.sender = event.container.create_sender(self.connection, "events")
        self.container = event.container
        self.limit = event.container.schedule(100, Later(self.close))

    def on_sendable(self, event):
        if self.began:
            return
        self.began = True
        if self.mode == "empty":
            self.sender.delivery("t1")
            self.sender.stream(b"")
            self.sender.advance()
        elif self.mode == "aborted":
            delivery = self.sender.delivery("t1")
            self.sender.stream(b"abcdef" * 20000)
            event.container.schedule(0.3, Later(delivery.abort))
            event.container.schedule(0.6, Later(self.good))
        elif self.mode == "bytes":
            self.sender.delivery("t1")
            self.sender.stream(bytes.fromhex(self.argument))
            self.sender.advance()
        elif self.mode == "nested":
            self.sender.delivery("t1")
            self.sender.stream(nested(int(self.argument)))
            self.sender.advance()
        elif self.mode == "map":
            self.sender.send(Message(body={"a": 1}))
        elif self.mode == "binary":
            self.sender.send(Message(body=b'{"binary":true}', inferred=True))
        elif self.mode == "large":
            self.sender.send(Message(body=b"x" * int(self.argument)))
        else:
            self.good()

    def good(self):
        self.sent += 1
        self.sender.send(Message(body='{"from":"python"}'))

    def on_link_flow(self, event):
        # Proton also calls this after each send.
        if self.sent and event.link.credit > self.credit:
            self.flows += 1
        self.credit = event.link.credit

    def close(self):
        self.limit.cancel()
        self.connection.close()

    def end(self, word):
        print(word, flush=True)
        if self.mode != "aborted" or word == "accepted":
            self.close()

    def on_accepted(self, event):
        if self.mode != "flows":
            self.end("accepted")
        elif self.sent < int(self.argument):
            self.good()
        else:
            self.end(f"flows {self.flows}")

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


def run(*arguments):
    Container(Peer(*arguments)).run()
