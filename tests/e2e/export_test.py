"""One host is described by `export`, and another is made the same by `apply`."""

import json
import unittest

from beds import debs
from beds.lab import Lab
from harness.system import AGENT, installed, write

HASH = "$6$saltsalt$" + "x" * 86
MAKE = (
    "groupadd --gid 4001 crew",
    "useradd --create-home --uid 4002 --gid crew --groups crew,bin --shell /bin/sh pat",
    f"usermod --password '{HASH}' pat",
    "chage --maxdays 90 --expiredate 2031-02-03 pat",
    "mkdir -p /srv/data; chown pat:crew /srv/data; chmod 2750 /srv/data",
    "printf 'hello\\n' >/srv/data/text; chmod 0640 /srv/data/text; chown pat /srv/data/text",
    "printf '\\377\\000\\001' >/srv/data/bytes",
    "ln -s text /srv/data/link",
    "export DEBIAN_FRONTEND=noninteractive; apt-get -q -y install failpost libhello; "
    "apt-get -q -y install hello; apt-mark auto failpost; apt-mark hold libhello",
    "printf '[Service]\\nExecStart=/bin/sleep inf\\n[Install]\\nWantedBy=multi-user.target\\n'"
    " >/etc/systemd/system/sleeper.service; systemctl daemon-reload; "
    "systemctl enable --now sleeper",
    "systemctl mask console-getty.service",
)
FILES = ("/srv/data/text", "/srv/data/bytes", "/srv/data/link",
         "/etc/systemd/system/sleeper.service")
WHAT = ("groups", "users", "packages", "services", "directories=/srv/data",
        *(f"files={path}" for path in FILES))


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lab = Lab(installed())
        cls.addClassCleanup(lab.close)
        cls.first, cls.second = lab.boot("first", "second")
        for bed in (cls.first, cls.second):
            debs.give(bed, "v1")
            write(bed, "/etc/evenkeel/agent.json", "{}")
        for command in MAKE:
            cls.first.run("sh", "-c", command)

    def agent(self, bed, *argv):
        """(exit code, what it printed)."""
        done = bed.run(AGENT, *argv, check=False)
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.returncode, done.stdout + done.stderr

    def export(self, bed, name):
        done = bed.run(AGENT, "export", "-o", name, *WHAT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(bed.run("stat", "--format=%a %U", name).stdout, "600 root\n")
        return bed.run("cat", name).stdout

    def changed(self, told):
        return [(each["collection"], each["id"], each["changes"], each["error"])
                for each in told["resources"] if each["changes"] or each["error"]]

    def test_what_is_exported_is_compliant_here_and_makes_another_host_the_same(self):
        text = self.export(self.first, "/root/as-it-is.json")
        self.assertIn(HASH, text)
        by_name = {(one["collection"], one["id"]): one["description"]
                   for one in json.loads(text)["resources"]}
        self.assertEqual(by_name["users", "pat"]["groups"], ["bin", "crew"])
        self.assertEqual(by_name["services", "sleeper"], {"running": True, "enabled": True})
        self.assertEqual(by_name["services", "console-getty"], {"masked": True})
        self.assertNotIn(("services", "systemd-tmpfiles-clean"), by_name, "it is static")
        self.assertEqual(by_name["packages", "libhello"], {"version": "1.0", "hold": True})

        self.assertNotIn(("packages", "failpost"), by_name, "it is there only for others")

        code, planned = self.agent(self.first, "plan", "/root/as-it-is.json")
        self.assertEqual((code, self.changed(planned)), (0, []))
        code, applied = self.agent(self.first, "apply", "/root/as-it-is.json")
        self.assertEqual((code, self.changed(applied)), (0, []))
        code, told = self.agent(self.first, "check")
        self.assertEqual(code, 0, told["counts"] if code else "")

        write(self.second, "/root/wanted.json", text)
        code, applied = self.agent(self.second, "apply", "/root/wanted.json")
        self.assertEqual(code, 0, self.changed(applied) if isinstance(applied, dict) else applied)
        self.assertEqual(json.loads(self.export(self.second, "/root/as-it-is.json")),
                         json.loads(text))
        self.assertEqual(self.second.run("cat", "/srv/data/text").stdout, "hello\n")
        self.assertIn(HASH, self.second.run("getent", "shadow", "pat").stdout)

    def test_what_cannot_be_listed_is_said_and_what_is_missing_fails(self):
        done = self.second.run(AGENT, "export", "files", check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("files cannot be listed whole", done.stderr)
        done = self.second.run(AGENT, "export", "files=/etc/hostname", "files=/nowhere",
                               check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere: there is nothing to describe", done.stderr)
        self.assertEqual([one["id"] for one in json.loads(done.stdout)["resources"]],
                         ["/etc/hostname"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
