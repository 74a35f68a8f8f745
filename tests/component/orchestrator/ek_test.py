"""The real ek against the real orchestrator: YAML, round trips, the past, who enrols where."""

import json
import pathlib
import tempfile
import unittest

from case import OrchestratorCase
from program import WAIT_SECONDS, eventually

YAML = """\
resources:
  - collection: files
    id: /etc/motd
    description: {content: "hi\\n", mode: 0644}
    policy: enforce
  - collection: files
    id: /etc/secret
    description:
      content: tiger-in-the-well
      sensitive: true
    requires: [{collection: files, id: /etc/motd}]
"""


class Ek(OrchestratorCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def done(self, *argv, exits=0):
        result = self.ek(*argv)
        self.assertEqual(result.returncode, exits, (argv, result.stdout, result.stderr))
        return result

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def applied(self, agent, path):
        """The command that the agent got for `ek apply -f path`."""
        process = self.start_ek("apply", "-f", path, "--host", "web1")
        command = agent.take_command()
        agent.outcome(command, "succeeded")
        out, told = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, 0, out + told)
        return command

    def test_yaml_reaches_the_agent_with_its_modes_and_what_get_prints_can_be_applied(self):
        agent = self.online()
        first = self.applied(agent, self.write("site.yaml", YAML))["resources"]
        self.assertEqual(first[0]["description"], {"content": "hi\n", "mode": "0644"})
        for format in ("yaml", "json"):
            shown = self.done("get", "resources", "--host", "web1", "-o", format).stdout
            self.assertNotIn("tiger-in-the-well", shown)
            again = self.applied(agent, self.write("again." + format, shown))["resources"]
            for one, other in zip(first, again):
                for member in ("collection", "id", "description", "policy", "requires"):
                    self.assertEqual(one.get(member), other.get(member), member)

    def test_a_target_is_told_at_once_and_each_host_accounted_for(self):
        well, unwell = self.online("web1"), self.online("web2")
        self.enrolled("web3")
        for name in ("web1", "web2", "web3"):
            self.done("label", "host", name, "role=web")
        site = self.write("site.yaml", YAML)
        target = ("apply", "-f", site, "--target", "labels.role = web")
        self.assertIn("of 3 hosts the orchestrator would accept it for 3",
                      self.done(*target, "--dry-run").stderr)
        process = self.start_ek(*target)
        for agent, state in ((well, "succeeded"), (unwell, "failed")):
            agent.outcome(agent.take_command(), state)
        out, told = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, 7, out + told)
        self.assertRegex(told, "ek: web2: command cmd_[^ ]+ failed")
        self.assertNotIn("web1: ", told)
        self.assertIn("ek: 3 hosts: 1 succeeded, 1 failed, 1 offline\n", told)
        follow = told.splitlines()[-1].partition("--filter '")[2].rstrip("'")
        states = self.done("get", "commands", "--filter", follow, "-o", "json").stdout
        self.assertEqual(sorted(one["state"] for one in json.loads(states)["items"]),
                         ["failed", "queued", "succeeded"])
        wrong = self.write("wrong.yaml", YAML.replace("mode: 0644", "mode: 644"))
        told = self.done("apply", "-f", wrong, "--target", "enrolment = active", exits=7).stderr
        # web3 has not said yet what a description of files is: it may have it.
        self.assertEqual([line.partition(": /resources/0")[0] for line in told.splitlines()[:2]],
                         [f"ek: {name}: invalid-description" for name in ("web1", "web2")])
        self.assertEqual(told.count("/resources/0/description/mode"), 2)
        self.assertIn("3 hosts: 0 succeeded, 2 failed, 1 offline", told)
        self.done("apply", "-f", site, "--target", "name = nobody", exits=9)

    def test_a_wrong_field_is_told_once_and_where_it_stands(self):
        self.online()
        wrong = self.write("wrong.yaml", YAML.replace("mode: 0644", "mode: 644"))
        other = self.write("other.yaml", "collection: files\nid: /b\ndescription: {mode: '0644'}\n")
        told = self.done("apply", "-f", wrong, "--host", "web1", exits=1).stderr
        self.assertEqual(told.count("/resources/0/description/mode"), 1)
        told = self.done("diff", "-f", other, "-f", wrong, "--host", "web1", exits=1).stderr
        self.assertIn(wrong + ": /resources/0/description/mode", told)
        self.assertIn("it has files", self.done("get", "resources", "fils", "--host", "web1",
                                                exits=5).stderr)

    def test_the_past_is_shown_and_ends(self):
        agent = self.online()
        self.put_done(agent, "/a", {"content": "x"})
        for since in ((), ("--since", "5m")):
            lines = self.done("events", *since, "--host", "web1", "-o", "json").stdout.splitlines()
            self.assertIn("command.changed", {json.loads(line)["type"] for line in lines})
        for wrong in ("5parsecs", "yesterday", "5"):
            told = self.done("events", "--since", wrong, exits=1).stderr
            self.assertIn("how long ago (30s, 5m, 2h, 7d), a time (2026-11-23T05:36:53Z) or an "
                          f"event's id, not '{wrong}'", told)

    def test_a_word_that_is_not_known_is_answered_with_those_that_are(self):
        self.enrolled()
        for argv, exits, known in (
                (("get", "commands", "--state", "foo"), 1, "queued, sent, running"),
                (("get", "enrolments", "--state", "foo"), 2, "pending,active,rejected"),
                (("events", "--type", "foo"), 1, "resource.drifted, resource.restored"),
                (("compliance", "--status", "foo"), 2, "compliant,drifted"),
                (("get", "hosts", "--filter", "enrolment = foo"), 1, "pending, active"),
                (("create", "token", "--name", "t", "--role", "foo"), 2,
                 "viewer,operator,approver,admin"),
                (("create", "token", "--name", "t", "--role", "viewer", "--expires-in", "1y"), 1,
                 "one of s, m, h and d"),
                (("create", "enrolment-token", "--expires-in", "1y"), 1, "one of s, m, h and d")):
            with self.subTest(argv=argv):
                self.assertIn(known, self.done(*argv, exits=exits).stderr)

    def test_completion_knows_the_types_of_events(self):
        offered = self.done("__complete", "events", "--type", "").stdout.split()
        routes = self.rest.get("/v1/openapi.json")["paths"]
        answer = routes["/v1/events"]["get"]["responses"]["200"]
        known = answer["content"]["text/event-stream"]["x-ek-events"]
        self.assertEqual(sorted(offered), sorted(set(known) - {"error"}))

    def test_what_others_require_goes_only_with_them(self):
        self.online()
        both = self.write("site.yaml", YAML)
        self.done("apply", "-f", both, "--host", "web1", "--no-wait")
        for verb in ("forget", "delete"):
            told = self.done(verb, "resource", "files", "/etc/motd", "--host", "web1", "--no-wait",
                             exits=6).stderr
            self.assertIn("files /etc/motd is required by 1 resource of this host: files "
                          "/etc/secret; delete or forget these first", told)
        self.done("forget", "-f", both, "--host", "web1", "--no-wait")
        self.assertEqual(self.done("get", "resources", "--host", "web1", "-o", "name").stdout, "")
        self.done("apply", "-f", both, "--host", "web1", "--no-wait")
        self.done("delete", "-f", both, "--host", "web1", "--no-wait")

    def test_who_enrols_where_with_what(self):
        made = json.loads(self.done("create", "enrolment-token", "-o", "json").stdout)
        ca = json.loads(self.done("get", "ca", "-o", "json").stdout)
        self.assertIn(f"--orchestrator {ca['address']} --ca-sha256 {ca['sha256']} ",
                      made["install"])
        self.assertEqual(self.done("get", "enrolment-tokens", "-o", "name").stdout.strip(),
                         made["id"])
        self.done("revoke", "enrolment-token", made["id"])
        self.assertEqual(self.done("get", "enrolment-tokens", "-o", "name").stdout, "")
        self.assertIn("orchestrator ", self.done("version").stdout)

    def test_labels_choose_hosts(self):
        self.online()
        self.done("label", "host", "web1", "role=web")
        eventually("the label is there", lambda: self.rest.get("/v1/hosts/web1")["labels"])
        self.assertEqual(self.done("get", "hosts", "-l", "role=web", "-o", "name").stdout, "web1\n")
        self.done("get", "resources", "-l", "role!=web", exits=9)


if __name__ == "__main__":
    unittest.main(verbosity=2)
