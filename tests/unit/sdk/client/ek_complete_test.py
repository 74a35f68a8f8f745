"""Completion, by real shells in a terminal; and ek wait, invoke and label."""

import json
import os
import pty
import select
import shutil
import subprocess
import time
import unittest

from ek import EK, WAIT_SECONDS, EkCase, eventually
from fake_api import page, problem, reply
from samples import HOST_A, HOST_B, MOTD, command

PROMPT = "ready> "
SILENCE_SECONDS = 5
SCHEMA = {"type": "object", "properties": {
    "mode": {"type": "string"},
    "tags": {"type": "array", "items": {"properties": {"name": {"type": "string"}}}}}}


class Shell:
    """A shell in a terminal of its own, which types as a person does."""

    def __init__(self, argv, environment, folder):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave,
                                        env=environment, cwd=folder, start_new_session=True)
        os.close(slave)
        self.seen = ""

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self, wanted, again=""):
        """What came up to `wanted`; types `again` at each silence, and fails after the time."""
        deadline = time.monotonic() + WAIT_SECONDS
        while wanted not in self.seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"no {wanted!r} in {self.seen!r}")
            if select.select([self.master], [], [], SILENCE_SECONDS)[0]:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
            else:
                self.type(again)
        before, _, self.seen = self.seen.partition(wanted)
        return before


class Completion(EkCase):
    def candidates(self, *words):
        return self.ek("__complete", *words).splitlines()

    def assert_offers(self, expected, *words):
        """Names it asks for; a slow machine needs a second time, as ek gives up after 300 ms."""
        eventually(f"{words} offers {expected}", lambda: self.candidates(*words) == expected)

    def test_commands_options_and_closed_lists(self):
        self.assertIn("describe", self.candidates("des"))
        self.assertEqual(self.candidates("get", "ho"), ["hosts"])
        self.assertIn("--filter", self.candidates("get", "hosts", "--f"))
        self.assertEqual(self.candidates("compliance", "--status", "d"), ["drifted"])
        self.assertEqual(self.candidates("completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.candidates("get", "hosts", "--w"), ["--watch"])
        self.assertEqual(self.candidates("get", "enrolments", "--state", "p"), ["pending"])
        self.assertEqual(self.candidates("create", "token", "--role", "o"), ["operator"])
        self.assertNotIn("__complete", self.candidates(""))
        self.assertEqual(self.api.requests, [])

    def test_live_names(self):
        # Whatever somebody calls a host, it becomes no option and drives no terminal.
        hostile = [{**HOST_A, "name": name} for name in ("--url=https://evil", "a\x1b[2J")]
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B, *hostile]))
        self.api.on("GET", "/v1/commands", page([command()]))
        base = f"/v1/hosts/{HOST_A['name']}"
        self.api.on("GET", base + "/collections", page([{"collection": "files"}]))
        self.api.on("GET", base + "/resources/files", page([{"id": "/etc/motd"}]))
        self.api.on("GET", "/v1/enrolments", page([{"id": "enrolment_1"}]))
        self.api.on("GET", "/v1/tokens", page([{"id": "ekp_1"}]))
        self.assert_offers(["enrolment_1"] * 3, "accept", "enrolment", "enr")
        asked = [one.query["filter"] for one in self.api.asked("GET", "/v1/enrolments")]
        self.assertEqual(asked[-3:], ["state = pending", "state = held", "state = rejected"])
        self.assert_offers(["ekp_1"], "revoke", "token", "")
        self.assert_offers(["labels.role=web"], "apply", "--target", "lab")
        names = [HOST_A["name"], HOST_B["name"]]
        self.assert_offers(names, "describe", "host", "")
        self.assert_offers(names[:1], "apply", "--host", names[0])
        self.assert_offers(["cmd_1"], "cancel", "command", "cmd_")
        self.assert_offers(["files"], "get", "resources", "--host", names[0], "f")
        self.assert_offers(["/etc/motd"], "delete", "resource", "--host", names[0], "files", "/e")
        eventually("a host is offered",
                   lambda: "host/" + names[0] in self.candidates("wait", "host/"))
        self.assert_offers(["--host=" + name for name in names], "apply", "--host=web")

    def test_fields_of_collections_and_types_of_events(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A]))
        base = f"/v1/hosts/{HOST_A['name']}/collections"
        self.api.on("GET", base, page([{"collection": "files"}, {"collection": "users"}]))
        self.api.on("GET", base + "/files", reply(200, {"collection": "files", "schema": SCHEMA}))
        self.assert_offers(["files"], "explain", "f")
        self.assert_offers(["files.mode", "files.tags"], "explain", "files.")
        self.assert_offers(["files.tags.name"], "explain", "files.tags.n")
        self.assertEqual(self.candidates("explain", "files.nope."), [])
        self.assert_offers(["agent.blind", "agent.shed"], "events", "--type", "agent")

    def test_names_of_files_are_left_to_the_shell(self):
        for words in (("apply", "-f", ""), ("diff", "--file", "x"), ("delete", "-f", "a", "-f", ""),
                      ("forget", "--file=x",), ("apply", "--file", "=", "x"),
                      ("get", "hosts", "--token-file", "t"), ("audit", "--head", "")):
            with self.subTest(words=words):
                self.assertEqual(self.candidates(*words), [":files"])
        self.assertEqual(self.candidates("apply", "--no"), ["--no-wait"])

    def test_it_is_silent_about_errors_and_quick_about_silence(self):
        self.api.on("GET", "/v1/hosts", problem(500, "internal"))
        self.assertEqual(self.candidates("describe", "host", ""), [])
        self.assertEqual(self.told, "")
        begun = time.monotonic()
        self.environment["EK_URL"] = "http://192.0.2.1:9"
        self.assertEqual(self.candidates("describe", "host", ""), [])
        self.environment["EK_URL"] = "http://127.0.0.1:1"
        self.assertEqual(self.candidates("describe", "host", ""), [])
        self.assertLess(time.monotonic() - begun, 15)

    def drive(self, argv, prepare):
        self.api.on("GET", "/v1/hosts", page([{**HOST_A, "name": "only-one-here"}]))
        self.api.on("GET", "/v1/hosts/only-one-here/collections/files",
                    reply(200, {"collection": "files", "schema": SCHEMA}))
        self.api.on("GET", "/v1/environments", page([{"name": "prod"}]))
        self.api.on("GET", "/v1/settings/environment%3Aprod", page([{"key": "web:port"}]))
        (self.home / "described.yaml").touch()
        environment = {**self.environment, "TERM": "dumb", "PS1": PROMPT, "PROMPT": PROMPT,
                       "PATH": os.path.dirname(EK) + ":" + os.environ["PATH"]}
        shell = Shell(argv, environment, self.home)
        self.addCleanup(shell.close)
        for line in prepare:
            shell.type(line + "\n")
        shell.type("echo set''tled\n")
        shell.wait("settled")
        shell.type("ek describe ho\t")
        shell.wait("host")
        shell.type("only\t")
        shell.wait("-one-here", again="\t")
        for line, rest in (("ek diff -f desc", "ribed.yaml"),
                           ("ek diff --file=desc", "ribed.yaml"),
                           ("ek explain files.mo", "de"),
                           ("ek events --type resource.rep", "aired"),
                           ("ek get settings environment:p", "rod"),
                           ("ek get settings environment:prod web:", "port")):
            shell.type("\x15" + line)
            shell.wait(line)
            shell.type("\t")
            shell.wait(rest, again="\t")

    def test_bash_completes(self):
        self.drive(["bash", "--norc", "--noprofile", "-i"], ["source <(ek completion bash)"])

    def test_zsh_completes(self):
        self.assertTrue(shutil.which("zsh"), "scripts/dependencies installs zsh")
        self.drive(["zsh", "-f", "-i"], ["autoload -U compinit; compinit -u -D",
                                         "source <(ek completion zsh)"])


    def test_fish_completes(self):
        script = self.ek("completion", "fish")
        self.assertIn("ek __complete", script)
        fish = shutil.which("fish")
        if not fish:
            self.skipTest("no fish")
        environment = {**self.environment, "PATH": os.path.dirname(EK) + ":" + os.environ["PATH"]}
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B]))
        (self.home / "described.yaml").touch()

        def completed(line):
            done = subprocess.run(
                [fish, "--no-config", "-c", script + f"complete -C '{line}'"], cwd=self.home,
                env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS,
                check=True)
            return [one.split("\t")[0] for one in done.stdout.splitlines()]

        eventually("the hosts are offered", lambda: completed("ek describe host ")
                   == [HOST_A["name"], HOST_B["name"]])
        self.assertEqual(completed("ek diff -f desc"), ["described.yaml"])
        self.assertEqual(completed("ek diff --file=desc"), ["--file=described.yaml"])
        self.assertEqual(completed("ek events --type agent."), ["agent.blind", "agent.shed"])


class Doing(EkCase):
    def test_wait_ends_when_the_host_is_as_wanted(self):
        one = f"/v1/hosts/{HOST_A['name']}"
        offline = {**HOST_A, "connection": "offline"}
        online = {**HOST_A, "connection": "online"}
        self.api.on("GET", one, reply(200, HOST_A))
        self.api.on("GET", "/v1/hosts", reply(200, page_of(offline), {"X-Revision": "s-7"}),
                    reply(304), reply(200, page_of(online)))
        self.ek("wait", "host/" + HOST_A["name"], "--for", "connection=online")
        asked = [request for request in self.api.asked("GET") if request.path == "/v1/hosts"]
        self.assertEqual([request.query.get("since") for request in asked], [None, "s-7", "s-7"])
        self.api.on("GET", "/v1/hosts", reply(200, page_of(offline)))
        self.ek("wait", "host/" + HOST_A["name"], "--for", "connection=online", "--timeout", "1s",
                exits=8)
        self.assertIn("the time is over; connection is offline, not online", self.told)
        self.ek("wait", "host/" + HOST_A["name"], "--for", "compliance=compliant", "--timeout",
                "1s", exits=8)
        self.assertIn("are 3 compliant, 1 drifted, 0 unknown, 0 failed", self.told)
        self.ek("wait", "host/" + HOST_A["name"], "--for", "weather=fine", exits=2)
        self.assertIn("connection= with one of never, online or offline", self.told)
        self.ek("wait", "nonsense", exits=2)

    def test_wait_for_compliance_counts_out_what_nobody_looks_at(self):
        counts = {"compliant": 3, "drifted": 0, "unknown": 2, "failed": 0}
        self.api.on("GET", "/v1/hosts/web1", reply(200, HOST_A))
        self.api.on("GET", "/v1/hosts", reply(200, page_of({**HOST_A, "compliance": counts})))
        resources = "/v1/hosts/host_a/resources"
        off, other = {**MOTD, "policy": "off"}, {**MOTD, "policy": "report"}
        wanted = ("wait", "host/web1", "--for", "compliance=compliant", "--timeout", "1s")
        self.api.on("GET", resources, page([off, off]))
        self.ek(*wanted)
        self.assertEqual(self.api.asked("GET", resources)[0].query["filter"],
                         'compliance.status = "unknown"')
        self.api.on("GET", resources, page([off, other]))
        self.ek(*wanted, exits=8)

    def test_wait_for_compliance_says_at_once_what_nothing_repairs(self):
        counts = {"compliant": 3, "drifted": 2, "unknown": 0, "failed": 0}
        self.api.on("GET", "/v1/hosts/web1", reply(200, HOST_A))
        self.api.on("GET", "/v1/hosts", reply(200, page_of({**HOST_A, "compliance": counts})))
        self.api.on("GET", "/v1/hosts/host_a/resources",
                    page([{**MOTD, "policy": "audit"}, {**MOTD, "policy": "enforce"}]))
        self.ek("wait", "host/web1", "--for", "compliance=compliant", "--timeout", "1s", exits=8)
        self.assertEqual(self.told.count("nothing repairs what is not under the policy enforce: "
                                         "files /etc/motd (audit, drifted)\n"), 1)

    def test_wait_for_a_command_tells_how_it_ended(self):
        path = "/v1/commands/cmd_1"
        self.api.on("GET", path, reply(200, command("running", [])), reply(200, command()))
        self.ek("wait", "command/cmd_1")
        self.api.on("GET", path, reply(200, command("failed", [])))
        self.ek("wait", "command/cmd_1", exits=1)
        self.api.on("GET", path, reply(200, command("running", [])))
        self.ek("wait", "command/cmd_1", "--timeout", "300ms", exits=8)
        self.api.on("GET", path, problem(404, "not-found"))
        self.ek("wait", "command/cmd_1", exits=5)

    def test_invoke_and_label(self):
        self.api.on("POST", "/v1/hosts/web1/resources/services/ssh:invoke", reply(200, command()))
        self.ek("invoke", "services", "ssh", "restart", "--host", "web1", "--arguments",
                '{"hard":true}')
        self.assertEqual(self.api.asked("POST")[0].json(),
                         {"action": "restart", "arguments": {"hard": True}})
        for wrong, where in (("{bad", "at line 1, column 2"), ("[]", "is a JSON object")):
            self.ek("invoke", "services", "ssh", "restart", "--host", "web1", "--arguments", wrong,
                    exits=2)
            self.assertIn(where, self.told)
        self.assertEqual(len(self.api.asked("POST")), 1)
        self.api.on("PATCH", "/v1/hosts/web1", reply(200, HOST_A))
        self.ek("label", "host", "web1", "role=web", "old-")
        self.assertEqual(self.api.asked("PATCH")[0].json(),
                         {"labels": {"role": "web", "old": None}})
        self.ek("label", "host", "web1", "nonsense", exits=2)
        self.ek("accept", "enrolment", "abc", "--label", "=web", exits=2)
        self.ek("create", "enrolment-token", "--label", "web-", exits=2)


def page_of(host):
    return {"items": [host], "next": None, "revision": 7}


if __name__ == "__main__":
    unittest.main(verbosity=2)
