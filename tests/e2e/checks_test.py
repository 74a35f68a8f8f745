"""Files that the programs themselves are asked about: nginx, sshd and visudo of the release."""

import unittest

from beds import servers
from harness.case import SystemCase

NGINX = "/etc/nginx/nginx.conf"
SSHD = "/etc/ssh/sshd_config.d/50-check.conf"
SUDO = "/etc/sudoers.d/team"
PROGRAMS = {
    # path: check, mode, what passes, what does not, the program's words about it
    NGINX: (["nginx", "-t", "-c", "%"], "0644",
            "events {}\nhttp { include mime.types; server { listen 8080; } }\n",
            "events {}\nhttp { server { listen 8080 sideways; } }\n",
            rf'invalid parameter "sideways" in {NGINX}:2'),
    SSHD: (["sshd", "-t", "-f", "%"], "0600", "MaxAuthTries 3\n", "MaxAuthTries many\n",
           rf"{SSHD} line 1: MaxAuthTries integer value invalid"),
    SUDO: (["visudo", "-c", "-f", "%"], "0440", "%team ALL=(root) /usr/bin/apt\n",
           "%team ALL=(root) apt\n", rf"{SUDO}:1:\d+: "),
}


class Checks(SystemCase):
    prepare = staticmethod(servers.give)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for package in ("nginx", "openssh-server", "sudo"):
            reply = cls.rest.put("web", "packages", package, {})
            assert reply.body["state"] == "succeeded", reply

    def setUp(self):
        """No test finds what another has described."""
        for path in PROGRAMS:
            self.rest.call("POST", self.rest.resource_path("web", "files", path) + ":forget", None,
                           {"Prefer": "wait=60"})

    def description(self, path, passes):
        check, mode, right, wrong, _ = PROGRAMS[path]
        return {"content": right if passes else wrong, "mode": mode, "check": check}

    def snapshot(self):
        """All that is in the directories of the files: names, what they are, and contents."""
        there = "find nginx ssh sudoers.d ! -type d"
        shown = f"{there} -printf '%p %m %u %g %i %T@\\n' | sort"
        hashes = f"{there} -exec sha256sum {{}} + | sort"
        return self.bed().run("sh", "-c", f"cd /etc; {shown}; {hashes}").stdout

    def assert_refused(self, path, entry):
        self.assertEqual((entry["outcome"], entry["error"]["code"]), ("failed", "invalid"), entry)
        self.assertRegex(entry["error"]["detail"], PROGRAMS[path][4])
        self.assertNotIn(".evenkeel-", entry["error"]["detail"])

    def test_what_does_not_pass_is_not_installed_and_nothing_else_changes(self):
        for path in PROGRAMS:
            for installed in (False, True):
                with self.subTest(path, installed=installed):
                    if installed:
                        self.put_done("files", path, self.description(path, True))
                        self.assertEqual(self.read(path), PROGRAMS[path][2])
                    else:
                        self.bed().run("rm", "-f", path)
                    before = self.snapshot()
                    reply = self.rest.put("web", "files", path, self.description(path, False))
                    self.assertEqual(reply.body["state"], "failed", reply)
                    self.assert_refused(path, reply.body["resources"][0])
                    self.assertEqual(self.snapshot(), before)
                    self.assertEqual(self.compliance("files", path)["status"], "failed")

    def test_a_refusal_concerns_no_other_file(self):
        for path in PROGRAMS:
            self.put_done("files", path, self.description(path, True))
        resources = [{"collection": "files", "id": path,
                      "description": {**self.description(path, path != SSHD), "group": "adm"}}
                     for path in PROGRAMS]
        before = self.stat(SSHD), self.read(SSHD)
        reply = self.rest.call("POST", "/v1/hosts/web:apply", {"resources": resources},
                               {"Prefer": "wait=60"})
        outcomes = {entry["id"]: entry for entry in reply.body["resources"]}
        self.assert_refused(SSHD, outcomes[SSHD])
        self.assertEqual((self.stat(SSHD), self.read(SSHD)), before)
        for path in (NGINX, SUDO):
            self.assertEqual(outcomes[path]["outcome"], "done")
            self.assertEqual(self.stat(path)[3], "adm")

    def test_a_repair_asks_too(self):
        """A program that does not take any more what it took: what is there stays, and is told."""
        self.put_done("files", SSHD, self.description(SSHD, True), "enforce")
        self.bed().run("mv", "/usr/sbin/sshd", "/usr/sbin/sshd.away")
        self.addCleanup(self.bed().run, "mv", "/usr/sbin/sshd.away", "/usr/sbin/sshd")
        since = self.events.mark()
        self.bed().run("sh", "-c", f"echo '# by hand' >>{SSHD}")
        event = self.wait_event("resource.failed", "files", SSHD, since)
        self.assertIn("sshd", event["data"]["compliance"]["reason"])
        self.assertIn("# by hand", self.read(SSHD))


if __name__ == "__main__":
    unittest.main(verbosity=2)
