"""The base of the end-to-end tests: one system for each class, its journals shown on failure."""

import time
import unittest

from harness.events import about
from harness.system import AGENT, System
from support.wait import WAIT_SECONDS, eventually

# A file whose changes are told after everything else that a host had to tell.
FENCE = "/run/evenkeel-fence"


class SystemCase(unittest.TestCase):
    """Subclasses name their hosts; `agent` and `prepare` are handed to System."""

    hosts = ("web",)
    kinds = None  # of root, by host; those left out are Debian
    agent = None
    prepare = None  # called with each bed before its agent starts
    system = None

    @classmethod
    def setUpClass(cls):
        cls.system = System(*cls.hosts, kinds=cls.kinds, agent=cls.agent, prepare=cls.prepare)
        cls.addClassCleanup(cls.system.close)
        cls.rest = cls.system.rest
        cls.events = cls.system.events

    def run(self, result=None):
        self.addCleanup(self.system.proxy.assert_conforming)
        bad = len(result.errors) + len(result.failures)
        super().run(result)
        if len(result.errors) + len(result.failures) > bad and self.system:
            print(f"\n=== after {self.id()}\n{self.system.describe()}", flush=True)

    def bed(self, name=None):
        return self.system.hosts[name or self.hosts[0]]

    def id_of(self, name=None):
        return self.system.ids[name or self.hosts[0]]

    def read(self, path, name=None):
        """The content of a file on a host."""
        return self.bed(name).run("cat", path).stdout

    def stat(self, path, name=None):
        """(type, mode, owner, group) of a path on a host, links not followed."""
        done = self.bed(name).run("stat", "--format=%F|%04a|%U|%G", path)
        return tuple(done.stdout.strip().split("|"))

    def exists(self, path, name=None):
        return self.bed(name).run("test", "-e", path, check=False).returncode == 0

    def put_done(self, collection, rid, description, policy=None, name=None):
        """PUTs a description, waits for its command, which must succeed, and returns it."""
        reply = self.rest.put(name or self.hosts[0], collection, rid, description, policy)
        self.assertEqual(reply.status, 200, reply)
        self.assertEqual(reply.body["state"], "succeeded", reply)
        return reply.body

    def compliance(self, collection, rid, name=None):
        return self.rest.resource(name or self.hosts[0], collection, rid)["compliance"]

    def wait_compliance(self, status, collection, rid, name=None):
        return eventually(f"{rid} is {status}", lambda: self.compliance(
            collection, rid, name)["status"] == status and self.compliance(collection, rid, name))

    def wait_event(self, kind, collection, rid, since=0, name=None, timeout_s=WAIT_SECONDS):
        return self.events.wait(about(kind, self.id_of(name), collection, rid), timeout_s, since,
                                f"{kind} of {rid}")

    def await_all_events(self, name=None):
        """Returns when `events` has all that a host had to tell, so that what is not there by then
        has not happened: a check reads every resource, so that nothing is left to be found, and a
        command is given whose end comes after it, since the events of a host keep their order."""
        self.bed(name).run(AGENT, "check", check=False)
        since = self.events.mark()
        content = {"content": f"{time.monotonic_ns()}\n"}
        command = self.put_done("files", FENCE, content, name=name)["id"]
        self.events.wait(lambda event: event["type"] == "command.changed"
                         and event["data"]["id"] == command and event["data"]["finished_at"],
                         since=since, what=f"end of {command}")

    def resource_events(self, collection, rid, since=0, name=None):
        """The types of the events about a resource's truth since a mark, in order."""
        found = self.events.matching(
            lambda event: event["type"].startswith("resource.")
            and event["data"]["host"] == self.id_of(name)
            and (event["data"]["collection"], event["data"]["id"]) == (collection, rid), since)
        return [event["type"].removeprefix("resource.") for event in found]
