#!/usr/bin/env python3
"""The real agent and real orchestrators: identities kept, refused, replaced and retired."""

import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "component" / "orchestrator")]

from case import OrchestratorCase  # noqa: E402
from program import Orchestrator, eventually  # noqa: E402

AGENT, PLUGINS = (os.environ[name] for name in ("EVENKEEL_AGENT", "EK_PLUGINS"))
WAIT_SECONDS = 60
# What changes files and folders: a kill before any of these calls is a kill between two lines.
CHANGING = ("rename", "renameat2", "unlink", "unlinkat", "mkdir", "rmdir")


class Machine:
    """A machine with an agent of its own; `enrol` is the command, `start` the daemon."""

    def __init__(self, root):
        self.root = root
        self.root.mkdir()
        self.config = root / "agent.json"
        self.config.write_text(json.dumps({
            "state_dir": str(root / "state"), "socket": str(root / "run" / "agent.sock"),
            "plugin_dirs": [PLUGINS], "plugins": [{"name": "files"}], "log": {"level": "debug"}}))
        self.process = None

    def command(self, *argv):
        return [AGENT, "--config", str(self.config), *argv]

    def enrol(self, orchestrator, token, *argv, under=()):
        """(exit code, answer, what was said on standard error)."""
        sha256 = re.search(r"--ca-sha256 ([0-9a-f]{64})", token["install"])[1]
        done = subprocess.run(
            [*under, *self.command("enrol"), "--orchestrator",
             f"127.0.0.1:{orchestrator.port('enrolment')}", "--ca-sha256", sha256,
             "--token-file", "-", *argv], input=token["secret"], text=True, capture_output=True,
            check=False, timeout=WAIT_SECONDS)
        answer = json.loads(done.stdout) if done.returncode == 0 else None
        return done.returncode, answer, done.stderr

    def start(self):
        reading, writing = os.pipe()
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command("run", "--ready-fd", str(writing)), pass_fds=[writing], stderr=log)
        os.close(writing)
        with os.fdopen(reading) as ready:
            if not ready.readline():
                raise AssertionError(self.log())

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def log(self):
        return (self.root / "log").read_text(errors="replace")

    def ask(self, *argv, stdin=""):
        done = subprocess.run(self.command(*argv), input=stdin, text=True, capture_output=True,
                              check=False, timeout=WAIT_SECONDS)
        return done.returncode, json.loads(done.stdout)

    def status(self):
        return self.ask("status")[1]["orchestrator"]

    def configured(self):
        return json.loads(self.config.read_text()).get("orchestrator")

    def identity(self):
        """The files of the identity, by name."""
        return {path.name: path.read_bytes()
                for path in sorted((self.root / "state" / "identity").iterdir())
                if ".new_" not in path.name}


class EnrolmentCase(OrchestratorCase):
    heartbeat = "1s"

    def machine(self, name="agent"):
        machine = Machine(self.orchestrator.root / name)
        self.addCleanup(machine.stop)
        return machine

    def another_orchestrator(self):
        other = Orchestrator("1s")
        self.addCleanup(other.close)
        return other

    def token_of(self, orchestrator, **order):
        made = orchestrator.rest.call("POST", "/v1/enrolment-tokens", order)
        self.assertEqual(made.status, 201, made)
        return made.body

    def enrolled(self, machine, **order):
        """Enrols with a new token and answers the host's id."""
        code, answer, said = machine.enrol(self.orchestrator, self.token(**order))
        self.assertEqual((code, answer and answer["enrolled"]), (0, "now"), said)
        return answer["host"]

    def online(self, host, rest=None):
        rest = rest or self.rest
        eventually(f"{host} is online", lambda: rest.get(
            f"/v1/hosts/{host}")["connection"] == "online")
        eventually("the schema is there", lambda: rest.get(
            f"/v1/hosts/{host}/collections/files")["schema"])

    def describe(self, host, path, content, policy="enforce"):
        reply = self.rest.put(host, "files", str(path), {"content": content}, policy, 30)
        self.assertEqual(reply.body["state"], "succeeded", reply)

    def resource(self, host, path, rest=None):
        rest = rest or self.rest
        return rest.call("GET", rest.resource_path(host, "files", str(path))).body

    def compliant(self, host, path):
        eventually(f"{path} is compliant", lambda: self.resource(host, path).get(
            "compliance", {}).get("status") == "compliant")

    def retire(self, host):
        self.assertEqual(self.rest.call("POST", f"/v1/hosts/{host}:retire").status, 200)


class Asking(EnrolmentCase):
    """What `enrol` says when there is an identity already."""

    def test_an_identity_that_is_good_stays_and_no_token_is_used(self):
        machine = self.machine()
        host = self.enrolled(machine)
        before = machine.identity()
        token = self.token()
        code, answer, said = machine.enrol(self.orchestrator, token)
        self.assertEqual((code, answer), (0, {"host": host, "enrolled": "already"}), said)
        self.assertEqual(machine.identity(), before)
        self.assertEqual(self.rest.get(f"/v1/enrolment-tokens/{token['id']}")["uses_left"], 1)

    def test_a_good_identity_at_a_new_address_of_the_orchestrator_is_configured(self):
        machine = self.machine()
        host = self.enrolled(machine)
        config = json.loads(machine.config.read_text())
        config["orchestrator"]["host"] = "former.example"
        machine.config.write_text(json.dumps(config))
        code, answer, said = machine.enrol(self.orchestrator, self.token())
        self.assertEqual((code, answer), (0, {"host": host, "enrolled": "already"}), said)
        self.assertEqual(machine.configured()["host"], "127.0.0.1")

    def test_another_orchestrator_is_named_and_replaced_only_when_asked(self):
        machine = self.machine()
        host = self.enrolled(machine)
        files, config = machine.identity(), machine.config.read_text()
        other = self.another_orchestrator()
        token = self.token_of(other)
        code, _, said = machine.enrol(other, token)
        self.assertEqual(code, 1, said)
        for part in (host, "certificate authority is another", "--replace"):
            self.assertIn(part, said)
        self.assertEqual((machine.identity(), machine.config.read_text()), (files, config))
        code, answer, said = machine.enrol(other, token, "--replace")
        self.assertEqual((code, answer["enrolled"]), (0, "now"), said)
        self.assertEqual(machine.configured()["enrolment_port"], other.port("enrolment"))
        machine.start()
        self.online(answer["host"], other.rest)

    def test_an_orchestrator_that_cannot_be_asked_is_no_refusal(self):
        machine = self.machine()
        host = self.enrolled(machine)
        token = self.token()
        self.orchestrator.kill()
        code, _, said = machine.enrol(self.orchestrator, token)
        self.assertEqual(code, 1, said)
        self.assertIn(f"enrolled as {host}", said)
        self.assertIn("cannot be asked", said)
        self.orchestrator.start()

    def test_a_key_that_was_lost_with_the_orchestrators_store_is_named(self):
        machine = self.machine()
        self.enrolled(machine)
        shutil.copytree(self.orchestrator.state, self.orchestrator.root / "kept")
        other = self.another_orchestrator()
        # The same authority with a store that knows no host.
        other.kill()
        for name in ("ca.key", "ca.pem"):
            shutil.copy(self.orchestrator.state / name, other.state / name)
        for path in other.state.glob("server*"):
            path.unlink()
        other.start()
        code, _, said = machine.enrol(other, self.token_of(other))
        self.assertEqual(code, 1, said)
        self.assertIn("no host with this key", said)


class Retired(EnrolmentCase):
    def test_retire_enrol_refused_replace_compliant_again(self):
        machine = self.machine()
        host = self.enrolled(machine)
        machine.start()
        self.online(host)
        root = self.orchestrator.root
        self.describe(host, root / "theirs", "from the orchestrator\n")
        local = {"resources": [{"collection": "files", "id": str(root / "ours"),
                                "description": {"content": "local\n"}, "policy": "enforce"}]}
        self.assertEqual(machine.ask("apply", "-", stdin=json.dumps(local))[0], 0)
        self.retire(host)
        eventually("the agent is told", lambda: machine.status()["enrolment"] == "retired")
        self.assertFalse(machine.status()["connected"])
        machine.stop()
        machine.start()
        eventually("it is told when it dials too",
                   lambda: machine.status()["enrolment"] == "retired")
        self.assertEqual(machine.log().count("has retired this machine"), 2, "once each start")

        code, _, said = machine.enrol(self.orchestrator, self.token())
        self.assertEqual(code, 1, said)
        for part in (host, "it is retired", "--replace"):
            self.assertIn(part, said)

        code, answer, said = machine.enrol(self.orchestrator, self.token(), "--replace")
        self.assertEqual((code, answer["enrolled"]), (0, "now"), said)
        new = answer["host"]
        self.assertNotEqual(new, host)
        self.online(new)
        self.assertEqual(machine.status()["enrolment"], "enrolled")
        # The local description is reported to the new host; what the former one described is no
        # longer managed, and stays on the machine.
        self.compliant(new, root / "ours")
        self.assertEqual(self.resource(new, root / "ours")["origin"], "local")
        eventually("the former descriptions are forgotten", lambda: [
            one["id"] for one in machine.ask("check")[1]["resources"]] == [str(root / "ours")])
        self.assertEqual((root / "theirs").read_text(), "from the orchestrator\n")
        self.describe(new, root / "theirs", "described anew\n")
        self.compliant(new, root / "theirs")
        # Nothing is missing: what the former identity has reported is no gap.
        sheds = [event for event in self.shown_events(new) if event["type"] == "agent.shed"]
        self.assertEqual(sheds, [])

    def shown_events(self, host):
        done = self.ek("events", "--since", "1h", "--host", host, "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]


class Replaced(EnrolmentCase):
    def test_a_new_machine_takes_place_name_labels_and_descriptions(self):
        former = self.machine("former")
        host = self.enrolled(former, labels={"rack": "7"})
        former.start()
        self.online(host)
        path = self.orchestrator.root / "kept"
        self.describe(host, path, "wanted\n")
        name = self.rest.get(f"/v1/hosts/{host}")["name"]
        events = self.events()
        path.unlink()  # the two machines share their files here
        former.process.send_signal(19)  # SIGSTOP: it does not repair what the new one shall make
        token = self.token(replaces=name)
        self.assertEqual(token["replaces"], host)
        machine = self.machine("new")
        code, answer, said = machine.enrol(self.orchestrator, token)
        self.assertEqual((code, answer), (0, {"host": host, "enrolled": "now"}), said)
        shown = self.rest.get(f"/v1/hosts/{host}")
        self.assertEqual((shown["name"], shown["labels"], shown["enrolment"]),
                         (name, {"rack": "7"}, "active"))
        pending = self.resource(host, path)["compliance"]
        self.assertEqual((pending["status"], pending["reason"]), ("unknown", "pending"))
        machine.start()
        self.online(host)
        self.compliant(host, path)
        self.assertEqual(path.read_text(), "wanted\n")
        former.process.send_signal(18)
        eventually("the former machine is told", lambda: former.status()["enrolment"] == "retired")
        self.assertTrue(machine.status()["connected"])
        eventually("both states are told", lambda: [
            (one["data"]["host"], one["data"]["state"]) for one in events.matching(
                lambda event: event["type"] == "enrolment.changed")]
            == [(host, "retired"), (host, "active")])
        record = [one for one in self.rest.items("/v1/audit") if one["route"] == "replace"]
        self.assertEqual([one["object"] for one in record], [host])
        # The token is used up, and what it has made is found again by the same key.
        self.assertEqual(self.rest.get(f"/v1/enrolment-tokens/{token['id']}")["uses_left"], 0)

    def test_a_retired_host_comes_back_on_the_same_machine(self):
        machine = self.machine()
        host = self.enrolled(machine)
        machine.start()
        self.online(host)
        path = self.orchestrator.root / "kept"
        self.describe(host, path, "wanted\n")
        self.retire(host)
        eventually("it is told", lambda: machine.status()["enrolment"] == "retired")
        code, answer, said = machine.enrol(self.orchestrator, self.token(replaces=host),
                                           "--replace")
        self.assertEqual((code, answer), (0, {"host": host, "enrolled": "now"}), said)
        self.online(host)
        self.compliant(host, path)
        path.write_text("tampered\n")
        eventually("it is repaired", lambda: path.read_text() == "wanted\n")
        self.assertEqual(self.rest.get(f"/v1/hosts/{host}")["enrolment"], "active")

    def test_what_a_token_may_replace_is_checked(self):
        reply = self.rest.call("POST", "/v1/enrolment-tokens", {"replaces": "nobody"})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual([one["pointer"] for one in reply.body["errors"]], ["/replaces"])
        host = self.enrolled(self.machine())
        reply = self.rest.call("POST", "/v1/enrolment-tokens", {"replaces": host, "uses": 2})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual([one["pointer"] for one in reply.body["errors"]], ["/uses"])

    def test_ek_makes_the_token(self):
        host = self.enrolled(self.machine())
        done = self.ek("create", "enrolment-token", "--replaces", host, "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["replaces"], host)


class Killed(EnrolmentCase):
    """`enrol --replace` is killed before every call that changes a file."""

    def fingerprint_of_key(self, files):
        made = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"],
                              input=files["key.pem"], capture_output=True, check=True)
        return hashlib.sha256(made.stdout).hexdigest()

    def assert_whole(self, machine):
        files = machine.identity()
        made = subprocess.run(["openssl", "x509", "-pubkey", "-noout"],
                              input=files["certificate.pem"], capture_output=True, check=True)
        public = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                                input=made.stdout, capture_output=True, check=True).stdout
        self.assertEqual(hashlib.sha256(public).hexdigest(), self.fingerprint_of_key(files))
        checked = subprocess.run(
            ["openssl", "verify", "-CAfile", str(machine.root / "state/identity/ca.pem"),
             str(machine.root / "state/identity/certificate.pem")], capture_output=True,
            check=False)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        return json.loads(files["host.json"])

    def test_a_kill_at_any_moment_leaves_the_old_or_the_new_identity(self):
        machine = self.machine()
        host = self.enrolled(machine)
        other = self.another_orchestrator()
        kept = self.orchestrator.root / "before"
        shutil.copytree(machine.root, kept)
        outcomes = []
        for call in CHANGING:
            for at in itertools.count(1):
                shutil.rmtree(machine.root)
                shutil.copytree(kept, machine.root)
                token = self.token_of(other)
                code, _, said = machine.enrol(
                    other, token, "--replace", under=[
                        # A sanitizer that looks for leaks cannot do so under strace.
                        "env", "ASAN_OPTIONS=detect_leaks=0",
                        "strace", "-f", "-o", "/dev/null", "-e", f"trace={call}",
                        "-e", f"inject={call}:signal=SIGKILL:when={at}"])
                if code == 0:
                    break
                known = self.assert_whole(machine)
                outcomes.append("old" if known["host"] == host else "new")
                # Asked again with the same token, it ends as if there had been no kill.
                code, _, said = machine.enrol(other, token, "--replace")
                if outcomes[-1] == "old" or "unsaved" in known:
                    self.assertEqual(code, 0, said)
                final = self.assert_whole(machine)
                self.assertNotIn("unsaved", final)
                self.assertEqual(machine.configured()["enrolment_port"], other.port("enrolment"))
                self.assertEqual(other.rest.get(f"/v1/hosts/{final['host']}")["enrolment"],
                                 "active")
        print(f"killed {len(outcomes)} times: {outcomes.count('old')} old, "
              f"{outcomes.count('new')} new", flush=True)
        self.assertIn("old", outcomes)
        self.assertIn("new", outcomes)

    def test_an_agent_whose_configuration_was_not_written_yet_connects_to_the_new_one(self):
        machine = self.machine()
        self.enrolled(machine)
        other = self.another_orchestrator()
        before = machine.config.read_text()
        code, answer, said = machine.enrol(other, self.token_of(other), "--replace")
        self.assertEqual(code, 0, said)
        # As a kill between the two writes leaves it.
        path = machine.root / "state" / "identity" / "host.json"
        known = json.loads(path.read_text())
        known["unsaved"] = machine.configured()
        path.write_text(json.dumps(known))
        machine.config.write_text(before)
        machine.start()
        self.online(answer["host"], other.rest)
        self.assertIn("an enrolment was interrupted", machine.log())


if __name__ == "__main__":
    unittest.main()
