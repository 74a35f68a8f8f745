"""An agent that does what a test tells it, over real AMQP and TLS."""

import hashlib
import json
import queue
import subprocess
import threading
import uuid

from proton import SSLDomain, Message
from proton.handlers import MessagingHandler
from proton.reactor import ApplicationEvent, Container, EventInjector

from program import WAIT_SECONDS

CLOSE_SECONDS = 20
SCHEMA = {
    "type": "object",
    "x-ek-key": {"pattern": "^(/[^/]+)+$", "description": "an absolute path"},
    "properties": {
        "content": {"type": "string", "writeOnly": True},
        "content_base64": {"type": "string", "writeOnly": True, "contentEncoding": "base64",
                           "x-ek-message": "give Base64"},
        "mode": {"type": "string", "pattern": "^[0-7]{4}$"},
        "password": {"type": "string", "x-ek-sensitive": True},
        "sensitive": {"type": "boolean"}},
    "if": {"required": ["content"]},
    "then": {"properties": {"content_base64": {
        "not": {}, "x-ek-message": "give content or content_base64, not both"}}}}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Received:
    """A message from the orchestrator: `body` decoded, to be accepted or released."""

    def __init__(self, agent, message, delivery):
        self.body = json.loads(message.body)
        self.reply_to = message.reply_to
        self.correlation_id = message.correlation_id
        self._agent = agent
        self._delivery = delivery

    def accept(self):
        self._agent.do(lambda: self._agent.handler.accept(self._delivery))
        return self

    def release(self):
        self._agent.do(lambda: self._agent.handler.release(self._delivery, delivered=False))
        return self


class Handler(MessagingHandler):
    """Runs on Proton's thread; everything for the test goes into queues."""

    def __init__(self, agent):
        super().__init__(auto_accept=False, prefetch=100)
        self.agent = agent

    def on_start(self, event):
        event.container.selectable(self.agent.injector)
        self.agent.connection = event.container.connect(
            self.agent.url, ssl_domain=self.agent.domain(), virtual_host="evenkeel-orchestrator",
            reconnect=False, heartbeat=60, sasl_enabled=True,
            allowed_mechs="EXTERNAL" if self.agent.certificate else "ANONYMOUS")

    def on_connection_opened(self, event):
        self.agent.attach(event.container)

    def on_link_opened(self, event):
        self.agent.opened.put(event.link)

    def on_message(self, event):
        one = Received(self.agent, event.message, event.delivery)
        if one.body.get("verb") == "schema" and not self.agent.holds_schemas:
            schema = self.agent.schema_texts()[one.body["arguments"]["collection"]]
            self.accept(event.delivery)
            self.agent.senders["evenkeel.replies"].send(Message(
                json.dumps({"type": "reply", "result": {
                    "schema": schema, "schema_version": 1, "schema_sha256": sha256(schema)}}),
                correlation_id=one.correlation_id))
            return
        self.agent.received.put(one)

    def on_settled(self, event):
        waiting = self.agent.unsettled.pop(event.delivery.tag, None)
        if waiting:
            waiting.put(str(event.delivery.remote_state))

    def on_task(self, event):
        event.subject()

    def on_transport_error(self, event):
        self.agent.ended.put(str(event.transport.condition))

    def on_connection_error(self, event):
        self.agent.ended.put(str(event.connection.remote_condition))

    def on_disconnected(self, event):
        self.agent.ended.put("disconnected")


class FakeAgent:
    def __init__(self, orchestrator, folder, name="web1"):
        self.orchestrator = orchestrator
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        self.key = self.folder / "key.pem"
        self.certificate = None
        self.stream = f"stream_{uuid.uuid4()}"
        self.mark = {"stream": "", "seq": 0}
        self.seq = 0
        self.host = None
        self.schemas = {"files": SCHEMA}
        self.holds_schemas = False  # then the test answers requests for them
        self.says_of_collections = {}  # in its hello, beside what it says of each anyway
        self.time = "2026-11-23T05:36:53.120Z"  # of its clock, at each event
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                        str(self.key)], check=True, capture_output=True)
        made = subprocess.run(["openssl", "req", "-new", "-key", str(self.key), "-subj", "/CN=x"],
                              check=True, capture_output=True, text=True)
        self.csr = made.stdout

    def schema_texts(self):
        return {name: json.dumps(schema) for name, schema in self.schemas.items()}

    # The connection.

    def domain(self):
        domain = SSLDomain(SSLDomain.MODE_CLIENT)
        domain.set_trusted_ca_db(str(self.orchestrator.state / "ca.pem"))
        domain.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
        if self.certificate:
            domain.set_credentials(str(self.certificate), str(self.key), None)
        return domain

    def _open(self, port, links):
        self.url = f"amqps://127.0.0.1:{port}"
        self.received, self.opened, self.ended = queue.Queue(), queue.Queue(), queue.Queue()
        self.unsettled, self.senders = {}, {}
        self.injector = EventInjector()
        self._links = links
        self.handler = Handler(self)
        self.container = Container(self.handler)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.container.run()
        except Exception as error:  # the test sees it by what is missing
            self.ended.put(repr(error))

    def attach(self, container):
        for kind, address in self._links:
            if kind == "send":
                self.senders[address] = container.create_sender(self.connection, address)
            elif address:
                self.receiver = container.create_receiver(self.connection, address)
            else:
                self.receiver = container.create_receiver(self.connection, None, dynamic=True)

    def do(self, task):
        """Runs `task` on Proton's thread."""
        self.injector.trigger(ApplicationEvent("task", subject=task))

    def close(self):
        self.do(lambda: (self.connection.close(), self.injector.close()))
        self.thread.join(CLOSE_SECONDS)

    def wait_closed(self):
        """What the orchestrator said when it ended the connection."""
        return self.ended.get(timeout=WAIT_SECONDS)

    # Messages.

    def send(self, body, address="evenkeel.events", wait=True, **properties):
        """Sends one message; returns how it was settled, as "ACCEPTED", or a queue for that."""
        answer = queue.Queue()

        def task():
            message = Message(body if isinstance(body, str) else json.dumps(body), **properties)
            delivery = self.senders[address].send(message)
            self.unsettled[delivery.tag] = answer
        self.do(task)
        return answer.get(timeout=WAIT_SECONDS) if wait else answer

    def expect(self, kind, timeout_s=WAIT_SECONDS):
        """The next message of this type; heartbeats and the like are accepted and left out."""
        while True:
            one = self.received.get(timeout=timeout_s)
            if one.body["type"] == kind:
                return one
            one.accept()

    def expect_nothing(self, kind, timeout_s=0.5):
        try:
            found = self.expect(kind, timeout_s)
        except queue.Empty:
            return
        raise AssertionError(f"unexpected: {found.body}")

    def reply(self, request, result):
        self.send({"type": "reply", "result": result}, "evenkeel.replies", wait=False,
                  correlation_id=request.correlation_id)

    def reply_error(self, request, code, detail):
        self.send({"type": "reply", "error": {"code": code, "detail": detail}},
                  "evenkeel.replies", wait=False, correlation_id=request.correlation_id)

    # The protocol.

    def enrol(self, token, **claims):
        """The answer to an enrolment; on success the certificate is kept."""
        self.ask_for_enrolment(token, **claims)
        return self.enrolment_answer()

    def ask_for_enrolment(self, token="", **claims):
        """Without a token the answer may take a while."""
        self.certificate = None
        self._open(self.orchestrator.port("enrolment"), [("receive", None),
                                                         ("send", "evenkeel.enrol")])
        self.opened.get(timeout=WAIT_SECONDS)
        self.opened.get(timeout=WAIT_SECONDS)
        self.send({"type": "enrol", "token": token, "csr": self.csr, "name": self.name,
                   "machine_id": "m", "version": "0", "facts": {}, **claims}, "evenkeel.enrol",
                  wait=False, reply_to=self.receiver.remote_source.address)

    def enrolment_answer(self):
        answer = self.received.get(timeout=WAIT_SECONDS + 5).accept().body
        self.close()
        if answer["type"] == "enrolled":
            self.host = answer["host"]
            self.certificate = self.folder / "certificate.pem"
            self.certificate.write_text(answer["certificate"])
        return answer

    def connect(self, address=None):
        self._open(self.orchestrator.port("bus"), [
            ("receive", address or f"evenkeel.agent.{self.host}"),
            ("send", "evenkeel.events"), ("send", "evenkeel.replies")])

    def hello(self, **changes):
        """Says hello; returns the orchestrator's."""
        self.say_hello(**changes)
        answer = self.expect("hello").accept().body
        self.mark = {"stream": answer["stream"],
                     "seq": self.mark["seq"] if self.mark["stream"] == answer["stream"] else 0}
        return answer

    def say_hello(self, **changes):
        for _ in range(3):
            self.opened.get(timeout=WAIT_SECONDS)
        self.send({"type": "hello", "protocol": {"min": 1, "max": 1}, "capabilities": [],
                   "version": "0", "stream": self.stream, "boot_id": "b", "name": self.name,
                   "facts": {"os": {"id": "debian"}},
                   "collections": [{"name": name, "plugin": f"{name} 0",
                                    "schema_sha256": sha256(text), "schema_version": 1,
                                    **self.says_of_collections}
                                   for name, text in self.schema_texts().items()],
                   "commands": self.mark, **changes}, wait=False)

    def go_online(self, held=()):
        """Connects, says hello and sends the digest of what it holds."""
        self.connect()
        answer = self.hello()
        self.digest(held)
        return answer

    def digest(self, held=(), **changes):
        """`held`: (collection, id, generation). Without xor_sha256, as older agents send it."""
        lines = [json.dumps([collection, rid, generation["stream"], generation["revision"]],
                            separators=(",", ":"), ensure_ascii=False) + "\n"
                 for collection, rid, generation in sorted(
                     held, key=lambda one: (one[0].encode(), one[1].encode()))]
        self.send({"type": "digest", "stream": self.mark["stream"], "count": len(held),
                   "sha256": sha256("".join(lines)), **changes})
        return lines

    def event(self, kind, data, seq=None, stream=None, wait=True):
        """A durable event with the next number."""
        if seq is None:
            self.seq += 1
            seq = self.seq
        return self.send({"type": "event", "stream": stream or self.stream, "seq": seq,
                          "kind": kind, "time": self.time, "data": data},
                         wait=wait)

    def take_command(self):
        """The next command, accepted."""
        command = self.expect("command").accept().body
        self.mark["seq"] = command["seq"]
        return command

    def outcome(self, command, state="succeeded", **changes):
        """Reports the end of a command."""
        compliance = verdict("compliant" if state == "succeeded" else "failed", seen_by="apply")
        return self.event("command.outcome", {
            "command": command["id"], "state": state, "error": None, "resources": [
                {"collection": one["collection"], "id": one["id"],
                 "generation": one["generation"],
                 "outcome": "done" if state == "succeeded" else "failed", "changes": [],
                 "error": None, "state": {"size": 1}, "compliance": compliance, **changes}
                for one in command["resources"]]})


def verdict(status, fields=(), seen_by="event"):
    return {"status": status, "reason": "", "fields": list(fields),
            "since": "2026-11-23T05:36:53.120Z", "seen_by": seen_by}
