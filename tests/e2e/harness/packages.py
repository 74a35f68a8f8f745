"""What the tests of packages share, whichever package manager keeps the machine."""

import contextlib
import fcntl
import threading

from beds.debs import MANY
from harness.system import AGENT, main_pid
from support.wait import WAIT_SECONDS, eventually


class Packages:
    """Beside SystemCase, of whose first host it speaks."""

    def forget_all(self):
        """No test finds what another has described."""
        for item in self.rest.items(f"/v1/hosts/{self.hosts[0]}/resources/packages"):
            path = self.rest.resource_path(self.hosts[0], "packages", item["id"])
            self.rest.call("POST", path + ":forget", None, {"Prefer": "wait=60"})

    def sh(self, command, check=True, timeout_s=60):
        return self.bed().run("sh", "-c", "export DEBIAN_FRONTEND=noninteractive; " + command,
                              check=check, timeout_s=timeout_s).stdout

    def put(self, rid, description, policy=None, query=""):
        return self.rest.put(self.hosts[0], "packages", rid, description, policy, query=query)

    def state(self, rid):
        return self.rest.resource(self.hosts[0], "packages", rid)["state"]

    def changes(self, command):
        return [(one["path"], one["before"], one["after"], one["outcome"])
                for one in command["resources"][0]["changes"]]

    def assert_fails(self, rid, description, code, words):
        command = self.put(rid, description).body
        self.assertEqual(command["state"], "failed", command)
        error = command["resources"][0]["error"]
        self.assertEqual(error["code"], code, error)
        self.assertRegex(error["detail"], words)

    def assert_settled(self, rid, description):
        """A further apply finds nothing to do, and the verdict agrees."""
        self.assertEqual(self.changes(self.put_done("packages", rid, description)), [])
        self.assertEqual(self.compliance("packages", rid)["status"], "compliant")

    def apply_all(self, descriptions, query=""):
        """One FILE, {id: description}: the command, and its entries by id."""
        resources = [{"collection": "packages", "id": rid, "description": description}
                     for rid, description in descriptions.items()]
        command = self.rest.call("POST", f"/v1/hosts/{self.hosts[0]}:apply{query}",
                                 {"resources": resources}, {"Prefer": "wait=60"}).body
        return command, {one["id"]: one for one in command["resources"]}

    def assert_many_are_one_run(self, runs, found):
        """Twenty packages are installed by one run of the package manager, removed by another, and
        one that nobody has fails alone; planned first, without a run. `runs` counts the runs,
        `found` says what the host's own tool finds of a package, None for nothing."""
        before = runs()
        wanted = {name: {} for name in (*MANY[:10], "no-such-package", *MANY[10:])}
        for query, outcome, so_far in (("?dry_run=all", "planned", 0), ("", "done", 1)):
            command, told = self.apply_all(wanted, query)
            self.assertEqual(told["no-such-package"]["error"]["code"], "not-found", command)
            self.assertEqual(told.pop("no-such-package")["outcome"], "failed")
            self.assertEqual({one["outcome"] for one in told.values()}, {outcome}, command)
            self.assertTrue(all(one["changes"] for one in told.values()), command)
            self.assertEqual(runs(), before + so_far, query)
        for name in MANY:
            self.assertTrue(found(name), name)
            self.assertEqual(self.compliance("packages", name)["status"], "compliant")
        command, told = self.apply_all({name: {} for name in MANY})
        self.assertEqual(command["state"], "succeeded")
        self.assertFalse(any(one["changes"] for one in told.values()), command)
        self.assertEqual(runs(), before + 1)
        command, _ = self.apply_all({name: {"ensure": "absent"} for name in MANY})
        self.assertEqual(command["state"], "succeeded", command)
        self.assertEqual(runs(), before + 2)
        self.assertEqual([name for name in MANY if found(name)], [])

    def tamper(self, command):
        """Runs it and returns where to look for events from."""
        since = self.events.mark()
        self.sh(command)
        return since

    def assert_unjudged(self, rid, since):
        """A sweep while a package manager runs reports nothing, whatever is there by then."""
        self.await_all_events()
        self.assertEqual(self.resource_events("packages", rid, since), [])

    def assert_undone_hold_stays(self, lock, hold, undo, version):
        """Who takes a package off its hold while the agent waits for a lock is not overruled."""
        self.sh(hold)
        self.bed().run("systemctl", "restart", AGENT)
        with self.locked(lock):
            waiting = threading.Thread(target=self.put_done,
                                       args=("packages", "libhello", {"version": version}))
            waiting.start()
            self.await_wait_for(lock)
            self.sh(undo)
        waiting.join(WAIT_SECONDS)

    def await_wait_for(self, lock):
        """The agent has it open for its watch, and once more when a run waits to begin."""
        eventually("it waits for the lock", lambda: self.agent_has_open(lock) == 2)

    def agent_has_open(self, path):
        """How many descriptors the agent has of a file of the host."""
        listed = self.sh(f"ls -l /proc/{main_pid(self.bed(), AGENT)}/fd")
        return sum(line.endswith(f"/{path}") for line in listed.splitlines())

    @contextlib.contextmanager
    def locked(self, path):
        """Holds a lock file of the host as its package manager does."""
        with open(self.bed().files / path, "r+", encoding="utf-8") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            yield
