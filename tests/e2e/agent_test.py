"""The agent alone on a host: its daemon as a unit, and its commands with and without the daemon."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness.lone import LoneCase
from harness.system import AGENT, main_pid, write
from support.wait import eventually

MOTD = {"collection": "files", "id": "/etc/motd",
        "description": {"content": "hello\n", "mode": "0644"}, "policy": "enforce"}


def signed_package(bed, name):
    """A plugin of the tests, signed, packed and laid into the host: (public key, its id, path)."""
    build = pathlib.Path(os.environ["EVENKEEL_BUILD"])
    with tempfile.TemporaryDirectory() as folder:
        def tool(*argv):
            return subprocess.run([build / "sdk/tool/ek-plugin", *argv], cwd=folder, check=True,
                                  capture_output=True, text=True).stdout.strip()
        for end in ("so", "manifest.json", "sum.json"):
            shutil.copy(build / f"tests/support/plugins/{name}.{end}", folder)
        public = tool("keygen", "key")
        tool("sign", f"{name}.so", "--key", "key")
        sums = json.loads(pathlib.Path(folder, f"{name}.sum.json").read_text(encoding="utf-8"))
        package = tool("pack", "--deb", f"{name}.so")
        shutil.copy(pathlib.Path(folder, package), bed.files / "root")
    return public, sums["signature"]["key"], f"/root/{package}"


class AgentAlone(LoneCase):
    def agent(self, *argv):
        """(exit code, decoded output or text)."""
        done = self.bed.run(AGENT, *argv, check=False)
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.returncode, done.stdout + done.stderr

    def file_with(self, *resources):
        write(self.bed, "/root/wanted.json", json.dumps({"resources": resources}))
        return "/root/wanted.json"

    def tearDown(self):
        self.bed.run("systemctl", "stop", AGENT)
        self.bed.run("rm", "-rf", "/var/lib/evenkeel/agent")

    def with_and_without_daemon(self, check):
        for verb in ("stop", "start"):
            self.bed.run("systemctl", verb, AGENT)
            with self.subTest(daemon=verb):
                check()

    def test_plan_apply_and_check_tell_by_their_exit_codes(self):
        def check():
            self.bed.run("sh", "-c", "echo other >/etc/motd")
            wanted = self.file_with({**MOTD, "policy": "report"})
            code, plan = self.agent("plan", wanted)
            self.assertEqual(code, 3, plan)
            self.assertEqual(self.bed.run("cat", "/etc/motd").stdout, "other\n")
            code, done = self.agent("apply", wanted)
            self.assertEqual(code, 0, done)
            self.assertEqual(self.bed.run("cat", "/etc/motd").stdout, "hello\n")
            self.assertEqual(self.agent("plan", wanted)[0], 0)
            self.assertEqual(self.agent("check")[0], 0)
        self.with_and_without_daemon(check)

    def test_failure_and_misuse_have_codes_of_their_own(self):
        def check():
            bad = {**MOTD, "id": "/etc/no-such-folder/x"}
            self.assertEqual(self.agent("apply", self.file_with(bad))[0], 1)
            wrong = {**MOTD, "description": {"mode": "rwx"}}
            code, said = self.agent("apply", self.file_with(wrong))
            self.assertEqual(code, 2, said)
            self.assertEqual(self.agent("apply")[0], 2)
        self.with_and_without_daemon(check)

    def test_reading_and_plugins_need_no_description(self):
        def check():
            code, found = self.agent("read", "files", "/etc/passwd")
            self.assertEqual(code, 0, found)
            self.assertIn("/etc/passwd", json.dumps(found))
            code, found = self.agent("plugins")
            self.assertEqual(code, 0, found)
            self.assertIn("directories", json.dumps(found))
        self.with_and_without_daemon(check)

    def test_the_daemon_repairs_without_an_orchestrator(self):
        self.bed.run("systemctl", "start", AGENT)
        self.assertEqual(self.agent("apply", self.file_with(MOTD))[0], 0)
        self.bed.run("sh", "-c", "echo tampered >/etc/motd")
        eventually("repaired", lambda: self.bed.run("cat", "/etc/motd").stdout == "hello\n")
        eventually("in line again", lambda: self.agent("check")[0] == 0)

    def test_the_socket_is_roots_alone(self):
        self.bed.run("systemctl", "start", AGENT)
        mode = self.bed.run("stat", "--format=%a %U", "/run/evenkeel/agent.sock").stdout
        self.assertEqual(mode, "600 root\n")
        done = self.bed.run("runuser", "-u", "alice", "--", AGENT, "check", check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)

    def configure(self, **config):
        write(self.bed, "/etc/evenkeel/agent.json", json.dumps(config))

    def test_a_signed_package_is_installed_and_loaded_by_who_trusts_its_key(self):
        public, key, package = signed_package(self.bed, "throws")
        self.bed.run("dpkg", "--install", package)
        self.addCleanup(self.configure)
        self.addCleanup(self.bed.run, "dpkg", "--purge", "evenkeel-plugin-throws")
        stranger = signed_package(self.bed, "throws")[0]

        def shown():
            code, told = self.agent("plugins")
            self.assertEqual(code, 0, told)
            return {entry["plugin"]: entry for entry in told["plugins"]}

        def check():
            throws, files = shown()["throws"], shown()["files"]
            self.assertEqual((throws["state"], throws["signed_by"], throws["isolation"]),
                             ("loaded", key, "process"), throws)
            self.assertEqual(files["state"], "refused", files)
            self.assertIn("files.sum.json is not signed", files["reason"])
        plugins = [{"name": "throws"}, {"name": "files"}]
        self.configure(plugins=plugins, require_signatures=True, plugin_keys=[stranger, public])
        self.with_and_without_daemon(check)
        self.bed.run("systemctl", "stop", AGENT)
        self.configure(plugins=plugins, require_signatures=True, plugin_keys=[stranger])
        self.assertIn("which is none of plugin_keys", shown()["throws"]["reason"])
        self.configure(plugins=plugins)
        told = shown()
        self.assertIsNone(told["throws"]["signed_by"])
        self.assertEqual(told["files"]["isolation"], "none")

    def test_a_wrong_configuration_is_named_and_not_tried_again(self):
        write(self.bed, "/etc/evenkeel/agent.json", '{"swep": {}}')
        done = self.bed.run("systemctl", "start", AGENT, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("swep", self.bed.journal(AGENT))
        self.assertEqual(main_pid(self.bed, AGENT), "0")
        write(self.bed, "/etc/evenkeel/agent.json", "{}")
        self.bed.run("systemctl", "reset-failed", AGENT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
