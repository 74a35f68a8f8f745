"""What ek says of a command line that does not read, and which hosts a line means."""

import json
import unittest

from ek import EkCase
from fake_api import page, problem, reply
from samples import HOST_A, HOST_B, HOST_OLD, MOTD, command, planned


class Usage(EkCase):
    def refused(self, *arguments):
        self.assertEqual(self.ek(*arguments, exits=2), "")
        for line in self.told.splitlines():
            self.assertTrue(line.startswith("ek: "), line)
        self.assertNotIn("subcommand is required", self.told.lower())
        self.assertEqual(self.api.requests, [])
        return self.told.splitlines()[0]

    def test_an_unknown_word_is_named_with_the_nearest_one(self):
        for arguments, said in (
                (("gte", "hosts"), "ek: there is no command 'gte'; did you mean 'get'?"),
                (("hosts",), "ek: there is no command 'hosts'; did you mean 'get hosts'?"),
                (("get", "hots"), "ek: get: there is no command 'hots'; did you mean 'hosts'?"),
                (("get", "frobs"), "ek: get: there is no command 'frobs'"),
                (("get", "hosts", "--filtr", "x"),
                 "ek: get hosts: there is no option '--filtr'; did you mean '--filter'?"),
                (("get", "hosts", "--filtr=x"),
                 "ek: get hosts: there is no option '--filtr'; did you mean '--filter'?"),
                (("get", "hosts", "-z"), "ek: get hosts: there is no option '-z'"),
                (("frobnicate\x1b",), "ek: there is no command 'frobnicate\\x1b'")):
            self.assertTrue(self.refused(*arguments).startswith(said), self.told)

    def test_what_is_missing_is_said(self):
        self.assertEqual(self.refused("get").partition(":")[2].partition(":")[0], " get")
        self.assertIn("hosts, commands", self.told)
        self.assertIn("which command?", self.refused())
        self.assertIn("'plan' or -f FILE", self.refused("apply", "--host", "web1"))
        for command in ("apply", "diff"):
            self.assertIn("name the hosts with --host, -l or --target",
                          self.refused(command, "-f", str(self.file)))
        self.assertIn("-f FILE", self.refused("delete", "--host", "web1"))
        self.assertIn("COLLECTION", self.refused("delete", "resource", "--host", "web1"))
        self.assertIn("see ek delete resource --help", self.told)

    def test_a_wrong_value_says_what_is_known(self):
        self.assertIn("jsonpath=PATH", self.refused("get", "hosts", "-o", "xml"))
        self.assertIn("role=web", self.refused("get", "hosts", "-l", "role in (web)"))
        self.assertTrue(self.refused("apply", "-f", str(self.file), "--host", "web1", "--wait=x")
                        .startswith("ek: apply: --wait: 'x' is not a duration"), self.told)
        self.assertIn("a word too many", self.refused("get", "hosts", "a", "b"))

    def test_a_host_without_a_name_is_no_host(self):
        for arguments in (("get", "resources"), ("events",), ("get", "commands")):
            self.assertIn("a host's name is not empty", self.refused(*arguments, "--host", ""))


class Version(EkCase):
    def test_of_both_sides(self):
        self.api.on("GET", "/version", reply(200, {"version": "9.8.7", "api": "v1"}))
        lines = self.ek("version").splitlines()
        self.assertRegex(lines[0], r"^ek \d+\.\d+\.\d+$")
        self.assertEqual(lines[1], f"orchestrator 9.8.7 at {self.api.url}")
        self.assertEqual(self.ek_json("version")["orchestrator"]["version"], "9.8.7")

    def test_without_an_orchestrator(self):
        self.assertEqual(len(self.ek("version", "--client").splitlines()), 1)
        del self.environment["EK_URL"]
        self.assertEqual(len(self.ek("version").splitlines()), 1)
        self.assertEqual(self.told, "")
        self.environment["EK_URL"] = "http://127.0.0.1:1"
        self.assertRegex(self.ek("version", exits=1), r"^ek \d")
        self.assertIn("cannot reach", self.told)


class Hosts(EkCase):
    DB = {**HOST_A, "id": "host_d", "name": "db1", "labels": {"role": "db", "env": "test"}}

    def setUp(self):
        super().setUp()
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B, HOST_OLD, self.DB]))
        for name in ("web1", "web2", "db1"):
            self.api.on("POST", f"/v1/hosts/{name}:apply", reply(200, planned()))

    def hosts(self, *arguments, exits=0):
        before = len(self.api.asked("POST"))
        self.ek("diff", "-f", str(self.file), *arguments, exits=exits)
        return [r.path[len("/v1/hosts/"):-len(":apply")]
                for r in self.api.asked("POST")[before:]]

    def test_hosts_are_named_with_commas_or_one_by_one(self):
        self.assertEqual(self.hosts("--host", "web1,db1"), ["web1", "db1"])
        self.assertEqual(self.hosts("--host", "web1", "--host", "db1"), ["web1", "db1"])
        self.assertEqual(self.hosts("--host=db1,web*,web1"), ["db1", "web1", "web2"])

    def test_labels_choose_among_the_active_hosts(self):
        self.assertEqual(self.hosts("-l", "role=web"), ["web1", "web2"])
        self.assertEqual(self.hosts("-l", "role!=web"), ["db1"])
        self.assertEqual(self.hosts("-l", "env"), ["db1"])
        self.assertEqual(self.hosts("-l", "role=web", "--host", "*2,db1"), ["web2"])
        self.assertEqual(self.hosts("--selector", "role=web,!env", "--host", "web1"), ["web1"])
        self.assertEqual(self.hosts("-l", "role=none", exits=9), [])
        self.assertEqual(self.hosts("-l", "role=db", "--host", "web1", exits=9), [])

    def test_everything_that_takes_hosts_takes_them_so(self):
        self.assertEqual(self.ek("get", "hosts", "-l", "role=db", "-o", "name"), "db1\n")
        self.api.on("GET", "/v1/hosts/db1/resources", page([MOTD]))
        self.assertEqual(len(self.ek_json("get", "resources", "-l", "role=db")["items"]), 1)
        self.api.on("GET", "/v1/commands", page([command()]))
        self.ek("get", "commands", "-l", "role=db")
        self.assertEqual(self.api.asked("GET", "/v1/commands")[-1].query["host"], "db1")
        self.api.on("GET", "/v1/hosts/db1/resources/files/%2Fetc%2Fmotd", reply(200, MOTD))
        self.ek("describe", "resource", "files", "/etc/motd", "-l", "role=db")
        self.ek("describe", "resource", "files", "/etc/motd", "-l", "role=web", exits=2)
        self.assertIn("say which with --host", self.told)
        self.ek("get", "hosts", "-w", "-l", "role!=db", exits=2)

    def test_the_status_chooses_resources(self):
        self.api.on("GET", "/v1/hosts/web1/resources", page([]))
        self.ek("get", "resources", "--host", "web1", "--status", "drifted")
        self.assertEqual(self.api.asked("GET", "/v1/hosts/web1/resources")[0].query,
                         {"filter": 'compliance.status = "drifted"'})


if __name__ == "__main__":
    unittest.main()
