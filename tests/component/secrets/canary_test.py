#!/usr/bin/env python3
"""Secrets are planted in everything that can hold one, and looked for wherever anything comes out.

Both real programs run, with all bundled plugins and the test plugin `memory`, whose fields are
secret at every depth. A secret is also put where it does not belong: into each field of each
collection, as a value that the schema refuses. After each transition of a secret every place is
searched for every secret so far, for its SHA-256, its Base64 and the size of its content. The table
at the end has a cell for each: how many answers, events, lines or files were searched.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import resource
import signal
import sys
import threading
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "component" / "orchestrator")]

from case import OrchestratorCase  # noqa: E402
from harness.rest import Rest  # noqa: E402
from program import Events, eventually  # noqa: E402
from real_agent import Agent  # noqa: E402

ROLES = ("viewer", "operator", "admin")
# Bundled collections without secret fields, with a resource that is only compared.
OTHERS = {"groups": {"gid": 64000}, "packages": {}, "services": {"running": True},
          "directories": {"mode": "0700"}}
COLLECTIONS = ("files", "memory", "users", *OTHERS)
PLACES = ("rest viewer", "rest operator", "rest admin", "events", "answers", "local", "log orch.",
          "log agent", "store orch.", "store agent", "cmdline")


class Canaries:
    """Secrets, and the forms in which one could come out."""

    def __init__(self):
        self.count = 0
        self.forms = {}  # bytes -> what it is

    def text(self, what):
        self.count += 1
        secret = f"canary-{self.count}-{os.urandom(8).hex()}"
        self._plant(what, secret.encode())
        return secret

    def content(self, what):
        """A file's content, of a size that nothing else has."""
        self.count += 1
        secret = f"canary-{self.count}-{os.urandom(8).hex()}\n".ljust(7000 + 13 * self.count, "x")
        self._plant(what, secret.encode())
        size = len(secret)
        for form in (f'"size":{size}', f'"size": {size}'):
            self.forms[form.encode()] = f"the size of {what}"
        return secret

    def _plant(self, what, secret):
        begin = secret.split(b"\n")[0]
        self.forms[begin] = what
        self.forms[base64.b64encode(begin)[:-4]] = f"the Base64 of {what}"
        self.forms[hashlib.sha256(secret).hexdigest().encode()] = f"the SHA-256 of {what}"

    def find(self, text):
        return sorted({what for form, what in self.forms.items() if form in text})


class CommandLines:
    """All command lines of this machine, again and again until close()."""

    def __init__(self):
        self.seen = set()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._closing.wait(0.005):
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:
                    pass

    def close(self):
        self._closing.set()
        self._thread.join()


# Both programs could leave a core file, if they did nothing about it.
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                   if os.geteuid() == 0 else
                   (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)


class CanaryTest(OrchestratorCase):
    heartbeat = "2s"

    def setUp(self):
        super().setUp()
        self.canaries = Canaries()
        self.answers = []  # what changes were answered with, since the last search
        self.table = {}
        self.lines = CommandLines()
        self.addCleanup(self.lines.close)
        root = self.orchestrator.root
        plugins = [os.environ[name] for name in ("EK_PLUGINS", "EK_TEST_PLUGINS")]
        self.agent = Agent(root / "agent", self.token(), self.orchestrator.port("enrolment"),
                           {"plugin_dirs": plugins, "isolation": {"memory": "none"},
                            "log": {"level": "debug"}})
        self.addCleanup(self.agent.close)
        self.host = eventually("it is online", self.online_host)
        self.file = str(root / "kept")
        self.local = str(root / "local")
        self.folder = str(root / "folder")
        self.tokens = {role: self.rest.call("POST", "/v1/tokens", {"name": role, "role": role})
                       .body["secret"] for role in ROLES}
        self.stream = self.viewer_events()

    def viewer_events(self):
        events = Events(Rest(self.tokens["viewer"], port=self.orchestrator.port("rest")))
        self.addCleanup(events.close)
        return events

    def online_host(self):
        hosts = self.rest.items("/v1/hosts")
        if not hosts or hosts[0]["connection"] != "online":
            return None
        host = hosts[0]["id"]
        ready = all(self.rest.get(f"/v1/hosts/{host}/collections/{name}")["schema"]
                    for name in COLLECTIONS)
        return host if ready else None

    # What changes something, with the answer kept for the search.

    def call(self, method, path, body=None, headers=None):
        reply = self.rest.call(method, path, body, {"Prefer": "wait=30", **(headers or {})})
        self.answers.append(json.dumps(reply.body))
        return reply

    def at(self, collection, rid):
        return self.rest.resource_path(self.host, collection, rid)

    def describe(self, collection, rid, description, state="succeeded", query="", policy="report"):
        reply = self.call("PUT", self.at(collection, rid) + query,
                          {"description": description, "policy": policy})
        self.assertEqual((reply.status, reply.body.get("state")), (200, state), reply)
        return reply.body

    def secret_file(self, what, **more):
        return {"content": self.canaries.content(what), "sensitive": True, "mode": "0600", **more}

    def vault(self, what):
        canary = self.canaries.text
        return {"text": "open", "secret": canary(f"{what}: a field"), "vault": {
            "note": "open", "pin": canary(f"{what}: a member"),
            "ring": {"a": canary(f"{what}: a $ref"), "b": canary(f"{what}: another")},
            "doors": [{"name": "front", "code": canary(f"{what}: an item")},
                      {"code": canary(f"{what}: another item")}]}}

    def account(self, what):
        # Only compared, so that no account is made here.
        return {"password_hash": "$6$salt$" + self.canaries.text(f"{what}: password_hash")}

    def other(self, collection):
        """The id of the resource of a collection without secrets."""
        return self.folder if collection == "directories" else "ek-canary"

    # The places.

    def paths(self):
        host = f"/v1/hosts/{self.host}"
        commands = [one["id"] for one in self.rest.items("/v1/commands")]
        resources = [self.at("files", self.file), self.at("files", self.local),
                     self.at("memory", "m"), self.at("users", "ek-canary"),
                     *(self.at(name, self.other(name)) for name in OTHERS)]
        return ["/v1/hosts", host, f"{host}/collections", f"{host}/resources",
                *(f"{host}/{kind}/{name}" for kind in ("collections", "resources")
                  for name in COLLECTIONS),
                *resources, *(f"{one}?live=true" for one in resources), "/v1/commands",
                *(f"/v1/commands/{cid}" for cid in commands[:5]), "/v1/audit", "/v1/compliance",
                "/v1/tokens", "/v1/enrolments", "/v1/enrolment-tokens", "/v1/openapi.json",
                "/metrics", "/readyz", "/livez"]

    def read_rest(self, role):
        rest = Rest(self.tokens[role], port=self.orchestrator.port("rest"))
        return [json.dumps(rest.call("GET", path).body) for path in self.paths()]

    def read_local(self):
        said = [self.agent.ask("read", "files", self.file), self.agent.ask("read", "memory", "m"),
                self.agent.ask("read", "files", self.local), self.agent.ask("list", "memory"),
                self.agent.ask("check"), self.agent.ask("status"), self.agent.ask("plugins")]
        return [text for _, text in said]

    def stored(self, folder):
        return [path.read_bytes() for path in folder.rglob("*.mdb")]

    def search(self, transition):
        """Every place for every secret; the row of the table."""
        eventually("what was done is reported", lambda: json.loads(
            self.agent.ask("status")[1])["outbox"]["events"] == 0)
        answers, self.answers = self.answers, []
        root = self.orchestrator.root
        found = {
            **{f"rest {role}": self.read_rest(role) for role in ROLES},
            "events": [json.dumps(event) for event in self.stream.seen],
            "answers": answers,
            "local": self.read_local(),
            "log orch.": (root / "log").read_bytes().splitlines(),
            "log agent": (root / "agent" / "log").read_bytes().splitlines(),
            "store orch.": self.stored(root / "state"),
            "store agent": self.stored(root / "agent" / "state"),
            "cmdline": list(self.lines.seen),
        }
        row = self.table.setdefault(transition, {})
        for place in PLACES:
            leaks = {what for text in found[place] for what in self.canaries.find(
                text if isinstance(text, bytes) else text.encode())}
            row[place] = len(found[place])
            self.assertFalse(leaks, f"after '{transition}', in '{place}'")
            self.assertTrue(found[place], f"nothing to search after '{transition}' in '{place}'")

    def print_table(self):
        width = max(map(len, self.table))
        print("\n" + " " * width, *(f"{place:>13}" for place in PLACES))
        for transition, row in self.table.items():
            print(f"{transition:<{width}}", *(f"{row[place]:>13}" for place in PLACES))

    def test_no_secret_comes_out_whatever_becomes_of_it(self):
        for transition in (self.made, self.changed, self.dry_run, self.drifted, self.repaired,
                           self.failed, self.told, self.unreadable, self.sent_back, self.unmarked,
                           self.unmarked_in_vain, self.removed, self.forgotten,
                           self.locally_applied, self.exported, self.restored):
            transition()
            self.search(transition.__name__.replace("_", " "))
        for collection in COLLECTIONS:
            self.misplace(collection)
            self.search(f"misplaced in {collection}")
        self.assertEqual({cell for row in self.table.values() for place in PLACES
                          for cell in (row.get(place),) if not cell}, set())
        self.print_table()

    # The transitions.

    def made(self):
        self.describe("files", self.file, self.secret_file("made"))
        self.describe("memory", "m", self.vault("made"))
        self.describe("users", "ek-canary", self.account("made"), policy="audit")
        for collection, description in OTHERS.items():
            # Without a service manager, say, it fails, which has words too.
            reply = self.call("PUT", self.at(collection, self.other(collection)),
                              {"description": description, "policy": "audit"})
            self.assertEqual(reply.status, 200, reply)

    def changed(self):
        self.describe("files", self.file, self.secret_file("changed"))
        self.describe("memory", "m", self.vault("changed"))
        self.describe("users", "ek-canary", self.account("changed"), policy="audit")

    def dry_run(self):
        for collection, rid, description in (
                ("files", self.file, self.secret_file("dry run")),
                ("files", self.file, {"content": "not secret\n"}),
                ("memory", "m", self.vault("dry run"))):
            reply = self.call("PUT", self.at(collection, rid) + "?dry_run=all",
                              {"description": description})
            self.assertEqual(reply.status, 200, reply)

    def drifted(self):
        pathlib.Path(self.file).write_text(self.canaries.content("drifted"), encoding="utf-8")
        reply = self.call("POST", self.at("memory", "m") + ":invoke", {
            "action": "tamper", "arguments": self.vault("tampered")})
        self.assertEqual(reply.status, 200, reply)
        self.assertNotEqual(self.agent.ask("check")[0], 2)
        eventually("it has drifted", lambda: self.rest.get(
            self.at("memory", "m"))["compliance"]["status"] == "drifted")

    def repaired(self):
        secret = self.secret_file("enforced")
        self.describe("files", self.file, secret, policy="enforce")
        pathlib.Path(self.file).write_text(self.canaries.content("repaired"), encoding="utf-8")
        eventually("it is repaired", lambda: pathlib.Path(self.file).read_text(
            encoding="utf-8") == secret["content"])
        self.describe("memory", "m", self.vault("enforced"), policy="enforce")
        self.call("POST", self.at("memory", "m") + ":invoke", {
            "action": "tamper", "arguments": self.vault("tampered again")})
        eventually("both are told", lambda: {event["subject"] for event in self.stream.seen
                                             if event["type"] == "resource.repaired"} >=
                   {f"files/{self.file}", "memory/m"})

    def failed(self):
        self.describe("files", self.file, self.secret_file("failed", owner="nobody-of-this-name"),
                      "failed")
        self.describe("memory", "m", {**self.vault("failed"), "text": "refuse"}, "failed")

    def told(self):
        """The plugin tells everything: in its log, in notes, as progress."""
        done = self.describe("memory", "m", {**self.vault("told"), "text": "chatter"})
        self.assertIn("***", done["resources"][0]["notes"][0])
        eventually("the log has it", lambda: "given" in (
            self.orchestrator.root / "agent" / "log").read_text(encoding="utf-8"))
        eventually("progress is shown", lambda: [
            event for event in self.stream.seen if event["type"] == "command.progress"
            and "***" in event["data"]["message"]])

    def unreadable(self):
        """A read fails with all that the resource holds in its error."""
        self.call("PUT", self.at("memory", "m"),
                  {"description": {**self.vault("unreadable"), "text": "unreadable"}})
        self.assertNotEqual(self.agent.ask("check")[0], 2)
        eventually("it is unknown", lambda: self.rest.get(
            self.at("memory", "m"))["compliance"]["reason"] == "not_checked")
        said = self.agent.ask("read", "memory", "m")[1]
        self.assertIn("***", said)
        self.answers.append(said)
        self.search("unreadable, still so")
        self.describe("memory", "m", self.vault("readable"))

    def misplace(self, collection):
        """A secret in each field, as a value that the schema refuses, and in one that is none."""
        schema = self.rest.get(f"/v1/hosts/{self.host}/collections/{collection}")["schema"]
        is_path = collection in ("files", "directories")
        entries = []
        for name, field in [*schema["properties"].items(), ("no-such-field", {})]:
            rid = f"ek-canary{len(entries)}"
            value = self.canaries.text(f"{name} of {collection}")
            if field.get("type") != "object":
                value = {"wrong": value}
            entries.append({"collection": collection,
                            "id": f"{self.folder}/{rid}" if is_path else rid,
                            "description": {name: value}})
        reply = self.call("POST", f"/v1/hosts/{self.host}:apply", {"resources": entries})
        self.assertEqual(reply.status, 400, reply)
        wrong = {error["pointer"].split("/")[2] for error in reply.body["errors"]}
        self.assertEqual(wrong, {str(number) for number in range(len(entries))})
        for verb in ("plan", "apply"):
            code, said = self.agent.ask(verb, "-", stdin=json.dumps({"resources": entries}))
            self.assertEqual(code, 2, said)
            self.answers.append(said)

    def sent_back(self):
        for collection, rid in (("files", self.file), ("memory", "m")):
            shown = self.rest.get(self.at(collection, rid))["description"]
            reply = self.call("PUT", self.at(collection, rid), {"description": {
                **shown, **({"owner": str(os.getuid())} if collection == "files" else
                            {"text": "open"})}})
            self.assertEqual(reply.status, 200, reply)
        # Where it is no secret any more, it stands for nothing; nor does a stale one.
        shown = self.rest.get(self.at("files", self.file))["description"]
        stale = {"content": {"redacted": "0" * 32}, "sensitive": True}
        for description in ({"content": shown["content"]}, stale,
                            {"mode": shown["content"], "content": "x"}):
            reply = self.call("PUT", self.at("files", self.file), {"description": description})
            self.assert_problem(reply, 400, "invalid-description")
        shown = self.rest.get(self.at("memory", "m"))["description"]
        shown["vault"]["doors"].reverse()
        reply = self.call("PUT", self.at("memory", "m"), {"description": shown})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertIn("/description/vault/doors/0/code",
                      [error["pointer"] for error in reply.body["errors"]])

    def unmarked(self):
        done = self.describe("files", self.file, {"content": "open\n"})
        content, = [change for change in done["resources"][0]["changes"]
                    if change["path"] == "/content"]
        self.assertEqual((list(content["before"]), list(content["after"])),
                         (["redacted"], ["redacted"]), content)
        # What replaces it is as open as any.
        done = self.describe("files", self.file, {"content": "still open\n"})
        self.assertIn("+still open", json.dumps(done))
        self.describe("memory", "m", {"text": "open", "vault": {"note": "open"}})

    def unmarked_in_vain(self):
        self.describe("files", self.file, self.secret_file("in vain"))
        self.describe("files", self.file, {"content": "open\n", "owner": "nobody-of-this-name"},
                      "failed")
        # It describes no content: what is there is the secret.
        self.describe("files", self.file, {"mode": "0640"})
        self.search("unmarked in vain, before the new value")
        self.describe("files", self.file, {"content": "open\n"})

    def removed(self):
        self.describe("files", self.file, self.secret_file("removed"))
        self.describe("memory", "m", self.vault("removed"))
        for collection, rid in (("files", self.file), ("memory", "m")):
            self.assertEqual(self.call("DELETE", self.at(collection, rid)).status, 200)

    def forgotten(self):
        self.describe("files", self.file, self.secret_file("forgotten"))
        self.describe("memory", "m", self.vault("forgotten"))
        for collection, rid in (("files", self.file), ("memory", "m")):
            reply = self.call("POST", self.at(collection, rid) + ":forget")
            self.assertEqual(reply.status, 200, reply)
        self.search("forgotten, still on disk")
        self.describe("files", self.file, {"content": "described anew\n"})

    def apply_locally(self, description, code=0):
        stdin = json.dumps({"resources": [
            {"collection": "files", "id": self.local, "description": description}]})
        for verb in ("plan", "apply"):
            done, said = self.agent.ask(verb, "-", stdin=stdin)
            self.answers.append(said)
        self.assertEqual(done, code, said)
        return said

    def locally_applied(self):
        self.apply_locally(self.secret_file("local"))
        self.apply_locally(self.secret_file("local again"))
        shown = json.loads(self.agent.ask("read", "files", self.local)[1])
        secret = json.dumps(shown)
        fingerprint = re.search(r'"content": \{"redacted": "([0-9a-f]+)"\}', secret)[1]
        self.assertIn("/content", self.apply_locally({"content": {"redacted": fingerprint}}, 1))
        self.assertIn("/content", self.apply_locally(
            {"content": {"redacted": "0" * 32}, "sensitive": True}, 1))
        self.apply_locally({"content": "open\n"})

    def exported(self):
        self.apply_locally(self.secret_file("exported"))
        code, said = self.agent.ask("export", f"files={self.local}")
        self.assertEqual(code, 0, said)
        self.assertTrue(self.canaries.find(said.encode()), "an export holds secrets as they are")

    def restored(self):
        backup = str(self.orchestrator.root / "state-backup")
        self.assertEqual(self.orchestrator.run("backup", backup)[0], 0)
        self.describe("files", self.file, self.secret_file("restored"))
        self.describe("memory", "m", self.vault("restored"))
        self.stream.close()
        self.assertEqual(self.orchestrator.stop(), 0)
        code, said = self.orchestrator.run("restore", backup)
        self.assertEqual(code, 0, said)
        self.orchestrator.keep_ports()
        self.orchestrator.start()
        self.stream = self.viewer_events()
        eventually("it is handed up", lambda: "redacted" in json.dumps(
            self.rest.get(self.at("files", self.file))["description"]))
        self.describe("files", self.file, {"content": "open\n"})

    def test_neither_program_leaves_a_core_file(self):
        self.describe("files", self.file, self.secret_file("core"))
        for name, process in (("orchestrator", self.orchestrator.process),
                              ("agent", self.agent.process)):
            with self.subTest(name):
                # Not SIGSEGV: the address sanitizer has a handler for it.
                os.kill(process.pid, signal.SIGABRT)
                _, status = os.waitpid(process.pid, 0)
                self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
                self.assertFalse(os.WCOREDUMP(status))
                process.returncode = -signal.SIGABRT
        self.assertEqual(list(self.orchestrator.root.rglob("core*")), [])
        self.orchestrator.process = None


if __name__ == "__main__":
    unittest.main(verbosity=2)
