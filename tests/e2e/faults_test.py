"""Whatever is stopped, killed, cut or lost: afterwards the same state everywhere, nothing that was
acknowledged is missing, nothing happened twice, and every gap in the events is explained."""

import threading
import unittest

from harness.case import SystemCase
from harness.events import Events
from harness.system import AGENT, ORCHESTRATOR, STATE, main_pid, write
from support.wait import WAIT_SECONDS, eventually


class Faults(SystemCase):
    def orchestrator(self, verb):
        self.system.orchestrator.run("systemctl", verb, ORCHESTRATOR)
        if verb == "start":
            eventually("the orchestrator is ready", self.system.is_ready)

    def agent_unit(self, verb):
        self.bed().run("systemctl", verb, AGENT)

    def await_online(self):
        eventually("the host is online", lambda: self.system.is_online("web"))

    def put_queued(self, rid, content, policy="enforce"):
        """PUTs without waiting; the id of the acknowledged command."""
        reply = self.rest.put("web", "files", rid, {"content": content}, policy, wait_s=None)
        self.assertEqual(reply.status, 202, reply)
        self.assertEqual(reply.headers["location"], f"/v1/commands/{reply.body['id']}")
        return reply.body["id"]

    def await_command(self, command, state="succeeded"):
        def finished():
            found = self.rest.get(f"/v1/commands/{command}")
            return found["finished_at"] and found
        found = eventually(f"{command} has finished", finished)
        self.assertEqual(found["state"], state, found)
        return found

    def ends_of(self, command, events=None):
        """How often the events told that a command ended."""
        return len((events or self.events).matching(
            lambda event: event["type"] == "command.changed" and event["data"]["id"] == command
            and event["data"]["finished_at"]))

    def assert_events_in_order_once(self, events):
        """No event twice, none out of order, in one stream."""
        ids = [event["id"] for event in events.seen if event.get("id")]
        self.assertEqual(len(ids), len(set(ids)), "an event came twice")
        numbers = [int(one.rsplit("-", 1)[1]) for one in ids]
        self.assertEqual(numbers, sorted(numbers), "events came out of order")

    def test_drift_while_the_orchestrator_is_down_is_told_when_it_is_back(self):
        self.put_done("files", "/etc/down-report", {"content": "good\n"})
        self.put_done("files", "/etc/down-enforce", {"content": "good\n"}, "enforce")
        since = self.events.mark()
        self.orchestrator("stop")
        self.bed().run("sh", "-c", "echo bad >/etc/down-report; echo bad >/etc/down-enforce")
        eventually("repaired without the orchestrator",
                   lambda: self.read("/etc/down-enforce") == "good\n")
        self.orchestrator("start")
        self.wait_event("resource.drifted", "files", "/etc/down-report", since)
        self.wait_event("resource.repaired", "files", "/etc/down-enforce", since)
        self.assertEqual(self.resource_events("files", "/etc/down-enforce", since),
                         ["drifted", "repaired"])
        self.assertEqual(self.compliance("files", "/etc/down-report")["status"], "drifted")
        self.assert_events_in_order_once(self.events)

    def test_commands_wait_for_the_agent_through_a_restart_of_the_orchestrator(self):
        self.await_online()
        self.agent_unit("stop")
        commands = [self.put_queued(f"/etc/waited-{number}", str(number)) for number in range(5)]
        self.orchestrator("restart")
        eventually("the orchestrator is ready", self.system.is_ready)
        self.assertEqual({self.rest.get(f"/v1/commands/{one}")["finished_at"]
                          for one in commands}, {None})
        self.agent_unit("start")
        for number, command in enumerate(commands):
            self.await_command(command)
            self.assertEqual(self.read(f"/etc/waited-{number}"), str(number))
        eventually("each end is told", lambda: all(self.ends_of(one) for one in commands))
        self.assertEqual([self.ends_of(one) for one in commands], [1] * 5)

    def test_a_killed_agent_comes_back_and_finds_what_changed_meanwhile(self):
        rid = "/etc/agent-killed"
        self.put_done("files", rid, {"content": "good\n"}, "enforce")
        since = self.events.mark()
        self.bed().run("systemctl", "kill", "--signal=STOP", AGENT)
        write(self.bed(), rid, "bad\n")
        self.system.kill(self.bed(), AGENT)
        self.wait_event("resource.repaired", "files", rid, since)
        self.assertEqual(self.read(rid), "good\n")
        self.assertEqual(self.resource_events("files", rid, since), ["drifted", "repaired"])

    def test_nothing_acknowledged_is_lost_or_doubled_by_kills_of_both_sides(self):
        self.await_online()
        commands, permits = {}, threading.Semaphore(0)

        def put_all():
            for number in range(60):
                permits.acquire()
                rid = f"/etc/kill-{number}"
                # What was not acknowledged is asked for again.
                commands[rid] = eventually(
                    "it is acknowledged", lambda rid=rid, content=f"{number}\n":
                    self.put_queued(rid, content))
        writer = threading.Thread(target=put_all)
        writer.start()
        daemons = ((self.system.orchestrator, ORCHESTRATOR), (self.bed(), AGENT))
        for number in range(6):
            permits.release(10)  # which are under way while one side is killed and comes back
            self.system.kill(*daemons[number % 2])
        writer.join(WAIT_SECONDS)
        self.assertEqual(len(commands), 60)
        self.await_online()
        for rid, command in commands.items():
            self.await_command(command)
            self.assertEqual(self.read(rid), f"{rid.rsplit('-', 1)[1]}\n")
            self.assertEqual(self.compliance("files", rid)["status"], "compliant")
        eventually("each end is told", lambda: all(map(self.ends_of, commands.values())))
        self.assertEqual({self.ends_of(one) for one in commands.values()}, {1})
        self.assert_events_in_order_once(self.events)

    def test_a_cut_link_shows_the_host_offline_and_delivers_all_when_it_is_back(self):
        rid = "/etc/link-cut"
        self.put_done("files", rid, {"content": "good\n"})
        since = self.events.mark()
        self.bed().cut_link()
        try:
            eventually("the host is offline", lambda: not self.system.is_online("web"))
            told = self.compliance("files", rid)
            self.assertEqual((told["status"], told["reason"]), ("unknown", "host_offline"))
            self.assertEqual(told["last"]["status"], "compliant")
            write(self.bed(), rid, "bad\n")
            command = self.put_queued("/etc/while-cut", "late\n")
        finally:
            self.bed().restore_link()
        self.await_command(command)
        self.wait_event("resource.drifted", "files", rid, since)
        self.assertEqual(self.read("/etc/while-cut"), "late\n")
        self.assertEqual(self.resource_events("files", rid, since), ["drifted"])
        self.assertEqual(self.compliance("files", rid)["status"], "drifted")

    def test_a_power_cut_loses_nothing(self):
        self.await_online()
        command = self.put_queued("/etc/power-cut", "kept\n")
        self.bed().power_cut()
        self.bed().boot()
        self.agent_unit("start")
        self.await_command(command)
        self.assertEqual(self.read("/etc/power-cut"), "kept\n")
        self.wait_compliance("compliant", "files", "/etc/power-cut")


class LostStore(SystemCase):
    def test_an_agent_whose_store_is_gone_gets_everything_again(self):
        rids = [f"/etc/lost-{number}" for number in range(5)]
        for rid in rids:
            self.put_done("files", rid, {"content": rid}, "enforce")
        since = self.events.mark()
        bed = self.bed()
        bed.run("systemctl", "stop", AGENT)
        # The store only: the certificate is the host's identity, and stays.
        bed.run("sh", "-c", f"rm -r {STATE}/agent/store && rm {rids[0]} && echo x >{rids[1]}")
        bed.run("systemctl", "start", AGENT)
        for rid in rids:
            eventually(f"{rid} is back", lambda rid=rid: self.read(rid) == rid)
            self.wait_compliance("compliant", "files", rid)
        self.events.wait(lambda event: event["type"] in ("agent.blind", "agent.shed")
                         and event["data"]["host"] == self.id_of(), since=since,
                         what="event that explains the new stream")


class Restore(SystemCase):
    def test_a_restored_orchestrator_learns_from_its_hosts_what_it_has_forgotten(self):
        bed = self.system.orchestrator
        self.put_done("files", "/etc/before", {"content": "1\n"}, "enforce")
        self.put_done("files", "/etc/changed", {"content": "old\n"}, "enforce")
        self.put_done("files", "/etc/removed", {"content": "x\n"}, "enforce")
        config = "/etc/evenkeel/orchestrator.json"
        as_user = ("runuser", "-u", "evenkeel", "--")
        bed.run("install", "-d", "-o", "evenkeel", "-m", "0700", "/var/backup")
        bed.run(*as_user, ORCHESTRATOR, "backup", "--config", config, "/var/backup/1")
        self.put_done("files", "/etc/changed", {"content": "new\n"}, "enforce")
        self.put_done("files", "/etc/after", {"content": "2\n"}, "enforce")
        self.assertEqual(self.rest.delete("web", "files", "/etc/removed").body["state"],
                         "succeeded")
        old = self.events.seen[-1]["id"]
        self.events.close()
        bed.run("systemctl", "stop", ORCHESTRATOR)
        bed.run(*as_user, ORCHESTRATOR, "restore", "--config", config, "/var/backup/1")
        bed.run("systemctl", "start", ORCHESTRATOR)
        eventually("the orchestrator is ready", self.system.is_ready)
        with Events(self.rest, since=old) as stale:
            self.assertEqual(stale.gone["code"], "gone")
        eventually("the host is online", lambda: self.system.is_online("web"))

        def adopted():
            found = {one["id"]: one["description"] for one in
                     self.rest.items("/v1/hosts/web/resources/files")}
            return found == {"/etc/before": {"content": "1\n"},
                             "/etc/changed": {"content": "new\n"},
                             "/etc/after": {"content": "2\n"}} and found
        eventually("the newer descriptions are adopted", adopted)
        self.assertEqual([self.read(rid) for rid in
                          ("/etc/before", "/etc/changed", "/etc/after")], ["1\n", "new\n", "2\n"])
        self.assertFalse(self.exists("/etc/removed"))
        for rid in ("/etc/before", "/etc/changed", "/etc/after"):
            self.wait_compliance("compliant", "files", rid)
        first = self.rest.get("/v1/hosts")["revision"]
        self.assertGreater(int(first), 0)
        self.put_done("files", "/etc/changed", {"content": "newest\n"}, "enforce")
        self.assertEqual(self.read("/etc/changed"), "newest\n")


class Watchdog(SystemCase):
    def last_fed(self):
        """When the agent last told its watchdog that it lives, in seconds."""
        return int(self.bed().run("systemctl", "show", "--property=WatchdogTimestampMonotonic",
                                  "--value", AGENT).stdout) / 1e6

    def test_daemons_that_hang_are_started_again_by_their_units(self):
        bed = self.bed()
        bed.run("mkdir", "-p", f"/run/systemd/system/{AGENT}.service.d")
        write(bed, f"/run/systemd/system/{AGENT}.service.d/fast.conf",
              "[Service]\nWatchdogSec=10\n")
        bed.run("systemctl", "daemon-reload")
        bed.run("systemctl", "restart", AGENT)
        before = main_pid(bed, AGENT)
        fed = self.last_fed()
        eventually("it is fed for longer than it would wait", lambda: self.last_fed() > fed + 12)
        self.assertEqual(main_pid(bed, AGENT), before, "the watchdog bit a healthy agent")
        bed.run("systemctl", "kill", "--signal=STOP", AGENT)
        eventually("the agent is started again",
                   lambda: main_pid(bed, AGENT) not in ("0", before))


if __name__ == "__main__":
    unittest.main(verbosity=2)
