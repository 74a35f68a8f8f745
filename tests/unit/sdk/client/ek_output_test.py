"""-o: wide, yaml, name, jsonpath."""

import os
import pty
import subprocess
import unittest

from ek import EK, EkCase
from fake_api import page, reply
from samples import HOST_A, HOST_B, MOTD, command


class Formats(EkCase):
    def setUp(self):
        super().setUp()
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B]))
        self.api.on("GET", "/v1/hosts/web1", reply(200, HOST_A))
        self.api.on("GET", "/v1/hosts/web1/resources", page([MOTD]))
        self.api.on("GET", "/v1/commands", page([command()]))

    def test_wide_shows_more_columns(self):
        narrow = self.ek("get", "hosts").splitlines()[0].split()
        wide = self.ek("get", "hosts", "-o", "wide")
        self.assertNotIn("LABELS", narrow)
        self.assertIn("role=web", wide)
        self.assertIn("host_a", wide)

    def test_names_are_what_other_commands_take(self):
        self.assertEqual(self.ek("get", "hosts", "-o", "name"), "web1\nweb2\n")
        self.assertEqual(self.ek("get", "hosts", "web1", "-o", "name"), "web1\n")
        self.assertEqual(self.ek("get", "resources", "--host", "web1", "-o", "name"),
                         "files /etc/motd\n")
        self.assertEqual(self.ek("get", "commands", "-o", "name"), "cmd_1\n")

    def test_names_say_the_host_where_the_command_line_does_not(self):
        self.api.on("GET", "/v1/hosts/web2/resources", page([{**MOTD, "host": "host_b"}]))
        self.api.on("GET", "/v1/compliance", page([MOTD, {**MOTD, "host": "host_b"}], counts={}))
        both = "files /etc/motd --host web1\nfiles /etc/motd --host web2\n"
        self.assertEqual(self.ek("compliance", "-o", "name"), both)
        self.assertEqual(self.ek("get", "resources", "-o", "name"), both)

    def test_yaml_has_the_same_members(self):
        shown = self.ek("get", "hosts", "web1", "-o", "yaml")
        self.assertTrue(shown.startswith("id: host_a\nname: web1\n"), shown)
        self.assertIn("a_new_member:\n  kept: true\n", shown)
        self.assertIn("items:\n  - id: host_a\n", self.ek("get", "hosts", "-o", "yaml"))

    def test_jsonpath_finds_values(self):
        self.assertEqual(self.ek("get", "hosts", "-o", "jsonpath={.items[*].name}"), "web1 web2\n")
        self.assertEqual(self.ek("get", "hosts", "web1", "-o", "jsonpath={.labels.role}"), "web\n")
        self.assertEqual(self.ek("get", "resources", "--host", "web1",
                                 "-o", "jsonpath={.items[0].description.content}"), "hello\n\n")

    def on_a_terminal(self, *arguments):
        """Standard output as a terminal gets it."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        subprocess.run([EK, *arguments], env=self.environment, stdout=theirs, check=True,
                       stderr=subprocess.DEVNULL, timeout=30)
        os.close(theirs)
        return os.read(ours, 1 << 16)

    def test_what_the_orchestrator_says_does_not_drive_the_terminal(self):
        hostile = "\x1b]0;x\x07\x1b[2J\u202e"
        self.api.on("GET", "/v1/hosts/web1", reply(200, {**HOST_A, "name": hostile,
                                                         "labels": {hostile: hostile}}))
        self.api.on("POST", "/v1/enrolment-tokens", reply(201, {
            "id": "eke_1", "secret": "s", "install": "evenkeel-agent enrol " + hostile}))
        for words in (("create", "enrolment-token"), ("get", "hosts", "web1"),
                      ("describe", "host", "web1"), ("get", "hosts", "web1", "-o", "yaml"),
                      ("get", "hosts", "web1", "-o", "json"),
                      ("get", "hosts", "web1", "-o", "jsonpath={.name}"),
                      ("api", "get", "/v1/hosts/web1")):
            with self.subTest(words):
                shown = self.on_a_terminal(*words)
                self.assertTrue(shown)
                for byte in (b"\x07", b"\x1b]", b"\x1b[2J", "\u202e".encode()):
                    self.assertNotIn(byte, shown)

    def test_a_failed_command_says_why(self):
        error = {"code": "invalid", "detail": "no user bob"}
        failed = command("failed", [], resource_error=error)
        failed["resources"] += [{**failed["resources"][0], "id": "/b"}]
        self.api.on("GET", "/v1/commands", page([failed]))
        self.assertIn("/etc/motd: no user bob (and 1 more)", self.ek("get", "commands"))


if __name__ == "__main__":
    unittest.main()
