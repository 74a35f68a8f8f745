"""The folders of docs/examples on booted hosts with the real nginx, sshd and sudo."""

import http.client
import pathlib
import shutil
import unittest

from beds import servers
from harness.case import SystemCase
from harness.rest import segment
from harness.system import REST_PORT, STATE
from support.wait import WAIT_SECONDS, eventually

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples"
FOLLOW_SECONDS = 2 * WAIT_SECONDS  # packages are installed meanwhile


class ExampleCase(SystemCase):
    """`folder` of docs/examples is applied once; each test goes on from there."""

    folder = ""
    prepare = staticmethod(servers.give)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.setUpHosts()
        cls.apply()

    @classmethod
    def setUpHosts(cls):
        """What the folder expects to be there."""

    @classmethod
    def call(cls, method, path, body=None):
        reply = cls.rest.call(method, path, body)
        if reply.status not in (200, 201, 202, 204):
            raise AssertionError(f"{method} {path}: {reply}")
        return reply.body

    @classmethod
    def change_host(cls, name, **members):
        cls.call("PATCH", f"/v1/hosts/{name}", members)

    @classmethod
    def set(cls, scope, key, value):
        cls.call("PUT", f"/v1/settings/{segment(scope)}/{segment(key)}", {"value": value})

    @classmethod
    def ek(cls, *argv, check=True):
        """`ek`, as an administrator runs it beside the orchestrator, with the folder at hand."""
        return cls.system.orchestrator.run(
            "env", f"EK_URL=http://127.0.0.1:{REST_PORT}",
            f"EK_TOKEN_FILE={STATE}/orchestrator/admin.token", "ek", *argv, check=check,
            timeout_s=2 * FOLLOW_SECONDS)

    @classmethod
    def apply(cls):
        there = f"srv/{cls.folder}"
        shutil.copytree(EXAMPLES / cls.folder, cls.system.orchestrator.files / there)
        cls.ek("apply", "-f", f"/{there}", "--yes", f"--wait={FOLLOW_SECONDS}s")
        # What was applied needs nothing more.
        cls.ek("plan", "-f", f"/{there}", "--exit-code")

    def sh(self, command, name=None, check=True):
        return self.bed(name).run("sh", "-c", command, check=check).stdout

    def wait_compliant(self, *names):
        """All that the hosts shall have is there, and they are as described."""
        def is_settled(name):
            host = self.rest.get(f"/v1/hosts/{name}")
            self.assertEqual((host["wanted"] or {}).get("status"), "compiled", host)
            counts = host["compliance"]
            self.assertEqual((counts["drifted"], counts["unknown"], counts["failed"]), (0, 0, 0))
            return counts["compliant"]
        for name in names:
            eventually(f"{name} is as described", lambda name=name: is_settled(name),
                       FOLLOW_SECONDS)

    def wait_failed(self, collection, rid, words, name):
        """The resource fails with these words of the program that was asked."""
        told = eventually(f"{rid} is refused", lambda: self.failed(collection, rid, name))
        self.assertEqual(told["code"], "invalid")
        self.assertRegex(told["detail"], words)

    def failed(self, collection, rid, name):
        path = f"/v1/commands?host={name}&filter=state+%3D+failed&limit=1"
        for command in self.rest.get(path)["items"]:
            for entry in self.rest.get(f"/v1/commands/{command['id']}")["resources"]:
                if (entry["collection"], entry["id"]) == (collection, rid) and entry["error"]:
                    return entry["error"]
        return None


class LoadBalancer(ExampleCase):
    folder = "load-balancer"
    hosts = ("lb", "web1", "web2", "web3")
    CONFIG = "/etc/nginx/nginx.conf"

    @classmethod
    def setUpHosts(cls):
        cls.change_host("web1", labels={"role": "web"})
        cls.change_host("web2", labels={"role": "web"})
        cls.change_host("lb", labels={"role": "balancer"})

    def known(self):
        """The web servers that the balancer's configuration lists."""
        lines = self.read(self.CONFIG, "lb").splitlines()
        return [line.split("# ")[1] for line in lines if "server 198." in line]

    def get(self):
        """The answer to a request to the balancer."""
        connection = http.client.HTTPConnection(self.bed("lb").address, 80, timeout=5)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200)
            return answer.read().decode()
        finally:
            connection.close()

    def wait_answers(self, *names):
        """All of these web servers answer through the balancer, and no other."""
        wanted = {f"hello from {name}\n" for name in names}
        eventually(f"{names} answer", lambda: {self.get() for _ in range(2 * len(names))} == wanted,
                   FOLLOW_SECONDS)

    def test_it_follows_its_web_servers_and_a_wrong_configuration_changes_nothing(self):
        self.wait_compliant("web1", "web2", "lb")
        self.assertEqual(self.known(), ["web1", "web2"])
        self.wait_answers("web1", "web2")

        self.change_host("web3", labels={"role": "web"})
        eventually("the balancer knows the third", lambda: self.known() == ["web1", "web2", "web3"])
        self.wait_answers("web1", "web2", "web3")

        before = self.read(self.CONFIG, "lb")
        self.set("host:lb", "balancer_options", ["least_con"])
        self.wait_failed("files", self.CONFIG, r'unknown directive "least_con" in ' + self.CONFIG,
                         "lb")
        self.assertEqual(self.read(self.CONFIG, "lb"), before)
        self.wait_answers("web1", "web2", "web3")
        self.set("host:lb", "balancer_options", ["least_conn"])
        self.wait_compliant("lb")
        self.assertIn("least_conn;", self.read(self.CONFIG, "lb"))

        self.change_host("web1", labels={"role": None})
        eventually("the balancer forgets the first", lambda: self.known() == ["web2", "web3"])
        self.wait_answers("web2", "web3")
        # One that would be left with none keeps what it has.
        self.change_host("web2", labels={"role": None})
        eventually("the balancer knows the last", lambda: self.known() == ["web3"])
        refused = self.rest.call("PATCH", "/v1/hosts/web3", {"labels": {"role": None}})
        self.assertEqual((refused.status, refused.body["code"]), (422, "does-not-compile"), refused)
        self.call("PATCH", "/v1/hosts/web3?errors=allow", {"labels": {"role": None}})
        told = eventually("the balancer is told", lambda: self.rest.get(
            "/v1/hosts/lb")["wanted"]["errors"])
        self.assertIn("peers.web are 0 hosts, fewer than 1", told[0]["detail"])
        self.assertEqual(self.known(), ["web3"])


class TeamAccounts(ExampleCase):
    folder = "team-accounts"
    hosts = ("web", "db", "trial")

    @classmethod
    def setUpHosts(cls):
        cls.change_host("web", labels={"role": "web"})

    def people(self, name):
        """The people whom a host lets in: those who have a key."""
        return self.sh("cd /home; ls -d */.ssh/authorized_keys 2>/dev/null | cut -d/ -f1",
                       name).split()

    def test_people_come_and_go(self):
        self.change_host("trial", environment="stage")
        self.wait_compliant("web", "db", "trial")
        self.assertEqual(self.people("web"), ["ann", "bob", "carol"])
        self.assertEqual(self.people("db"), ["ann", "bob"])
        self.assertEqual(self.people("trial"), ["ann", "dave"])
        owners = self.rest.resource("web", "users", "ann")["owners"]
        self.assertEqual([one["assignment"] for one in owners], ["operators", "web-developers"])
        self.assertEqual(self.sh("su ann -c 'sudo -n id -u'", "web"), "0\n")
        self.assertNotEqual(self.bed("web").run(
            "su", "carol", "-c", "sudo -n id -u", check=False).returncode, 0)

        self.log_in_with_a_new_key()
        self.leave()
        self.refuse_wrong_sudoers()

    def log_in_with_a_new_key(self):
        self.sh("ssh-keygen -q -t ed25519 -N '' -f /root/key", "db")
        carol = {"name": "Carol Example", "admin": False,
                 "key": self.read("/root/key.pub", "db").strip()}
        self.set("assignment:web-developers", "members", {"carol": carol})
        log_in = "ssh -i /root/key -o BatchMode=yes -o StrictHostKeyChecking=no carol@web whoami"
        eventually("carol logs in", lambda: self.sh(log_in, "db") == "carol\n")
        # Ann is not said to be in this team any more, but still in the other one.
        self.assertEqual(self.people("web"), ["ann", "bob", "carol"])

    def leave(self):
        self.set("assignment:web-developers", "members", {})
        eventually("carol has gone", lambda: self.people("web") == ["ann", "bob"])
        eventually("so has her account", lambda: self.bed("web").run(
            "id", "carol", check=False).returncode != 0)
        self.wait_compliant("web")
        self.assertTrue(self.exists("/home/carol", "web"))  # which she may still want

    def refuse_wrong_sudoers(self):
        path = "/etc/sudoers.d/ann"
        before = self.read(path, "db")
        self.set("host:db", "commands", ["apt"])
        self.wait_failed("files", path, rf"{path}:1:\d+: expected a fully-qualified path name",
                         "db")
        self.assertEqual(self.read(path, "db"), before)
        self.assertEqual(self.sh("su ann -c 'sudo -n id -u'", "db"), "0\n")
        self.set("host:db", "commands", ["/usr/bin/apt"])
        self.wait_compliant("db")
        self.assertIn("/usr/bin/apt", self.sh("sudo -l -U ann", "db"))


class BaseLine(ExampleCase):
    folder = "base-line"
    hosts = ("web1", "lab1", "build1")
    FRAGMENT = "/etc/ssh/sshd_config.d/50-base-line.conf"

    def effective(self, name):
        """What the host's sshd goes by."""
        return dict(line.split(" ", 1) for line in self.sh("sshd -T", name).splitlines())

    def is_active(self, service, name):
        return self.sh(f"systemctl is-active {service}", name, check=False).strip() == "active"

    def test_all_hosts_have_it_but_for_the_exceptions(self):
        self.change_host("lab1", environment="lab", labels={"role": "playground"})
        self.wait_compliant("web1", "lab1", "build1")
        root_logins = {name: self.effective(name)["permitrootlogin"] for name in self.hosts}
        self.assertEqual(root_logins, {"web1": "no", "lab1": "without-password", "build1": "no"})
        graces = {name: self.effective(name)["logingracetime"] for name in self.hosts}
        self.assertEqual(graces, {"web1": "120", "lab1": "120", "build1": "300"})
        self.assertEqual(self.read("/etc/motd", "web1"),
                         "web1 (default)\nThis machine is looked after by Evenkeel.\n")
        self.assertEqual(self.read("/etc/motd", "lab1"),
                         "lab1 (lab, playground)\n"
                         "Laboratory. Whatever is here may be gone tomorrow.\n")
        for name in self.hosts:
            self.assertTrue(self.is_active("ssh", name))
            self.assertEqual(self.is_active("nginx", name), name == "build1")
            self.assertTrue(self.exists("/usr/bin/sudo", name))
        self.refuse_wrong_option()

    def refuse_wrong_option(self):
        before = {name: self.read(self.FRAGMENT, name) for name in self.hosts}
        self.set("global", "ssh_options", ["MaxAuthTries many"])
        for name in ("web1", "lab1"):
            self.wait_failed("files", self.FRAGMENT,
                             f"{self.FRAGMENT} line 4: MaxAuthTries integer value invalid", name)
        self.assertEqual({name: self.read(self.FRAGMENT, name) for name in self.hosts}, before)
        # The nearer setting of build1 outweighs it.
        self.wait_compliant("build1")
        self.set("global", "ssh_options", ["MaxAuthTries 3"])
        self.wait_compliant("web1", "lab1")
        self.assertEqual(self.effective("web1")["maxauthtries"], "3")
        self.assertEqual(self.effective("build1")["maxauthtries"], "6")


if __name__ == "__main__":
    unittest.main(verbosity=2)
