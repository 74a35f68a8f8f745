"""A test case with a running orchestrator and, if wanted, an enrolled fake agent."""

import os
import subprocess
import threading
import unittest

from fake_agent import FakeAgent, verdict
from program import WAIT_SECONDS, Events, Orchestrator, eventually


class OrchestratorCase(unittest.TestCase):
    heartbeat = "10s"
    rest_options = None
    enrolment = None  # further keys of the configuration

    def setUp(self):
        self.orchestrator = Orchestrator(self.heartbeat, self.rest_options, self.enrolment)
        self.addCleanup(self.orchestrator.close)
        self.agents = []
        self.addCleanup(self.orchestrator.proxy.assert_conforming)
        self.addCleanup(self.close_agents)

    def close_agents(self):
        for agent in self.agents:
            if agent.thread.is_alive():
                agent.close()

    @property
    def rest(self):
        return self.orchestrator.rest

    def start_ek(self, *argv, variables=None, cwd=None, stdin=subprocess.DEVNULL):
        """The real ek as administrator, with its output in pipes."""
        environment = {**os.environ, "EK_URL": self.orchestrator.url,
                       "EK_TOKEN_FILE": str(self.orchestrator.state / "admin.token"),
                       **(variables or {})}
        process = subprocess.Popen([os.environ["EK_PROGRAM"], *argv], env=environment, text=True,
                                   stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   cwd=cwd)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def ek(self, *argv, stdin=None, **options):
        """ek at its end: `returncode`, `stdout` and `stderr`."""
        process = self.start_ek(*argv, stdin=subprocess.PIPE, **options)
        out, told = process.communicate(stdin, timeout=WAIT_SECONDS)
        return subprocess.CompletedProcess(argv, process.returncode, out, told)

    def token(self, **order):
        made = self.rest.call("POST", "/v1/enrolment-tokens", order)
        self.assertEqual(made.status, 201, made)
        return made.body

    def enrolled(self, name="web1"):
        agent = FakeAgent(self.orchestrator, self.orchestrator.root, name)
        self.agents.append(agent)
        answer = agent.enrol(self.token()["secret"])
        self.assertEqual(answer["type"], "enrolled", answer)
        return agent

    def online(self, name="web1", **says_of_collections):
        agent = self.enrolled(name)
        agent.says_of_collections = says_of_collections
        agent.go_online()
        eventually("the schema is there", lambda: self.rest.get(
            f"/v1/hosts/{name}/collections/files")["schema"])
        return agent

    def keep_alive(self, agent):
        """Its heartbeats until the test is over, or until what this returns is called."""
        ended = threading.Event()

        def beat():
            while not ended.wait(1):
                agent.send({"type": "heartbeat"}, wait=False)

        thread = threading.Thread(target=beat)
        thread.start()

        def end():
            ended.set()
            thread.join()

        self.addCleanup(end)
        return end

    def events(self, **options):
        events = Events(self.rest, **options)
        self.addCleanup(events.close)
        return events

    def path(self, rid, host="web1"):
        return self.rest.resource_path(host, "files", rid)

    def put(self, rid, description, policy=None, wait_s=None, query="", host="web1"):
        return self.rest.put(host, "files", rid, description, policy, wait_s, query)

    def put_done(self, agent, rid, description, policy=None):
        """PUT, carried out by the agent; the command as the agent saw it."""
        reply = self.put(rid, description, policy)
        self.assertEqual(reply.status, 202, reply)
        command = agent.take_command()
        self.assertEqual(command["id"], reply.body["id"])
        self.assertEqual(agent.outcome(command), "ACCEPTED")
        return command

    def command(self, cid):
        return self.rest.get(f"/v1/commands/{cid}")

    def drift(self, agent, command, **options):
        """Reports that the command's resource has drifted; how that was settled."""
        one = command["resources"][0]
        return agent.event("resource.drifted", {
            "collection": one["collection"], "id": one["id"], "policy": one["policy"],
            "generation": one["generation"], "changes": [], "state": {"size": 2},
            "compliance": verdict("drifted", [
                {"path": "/mode", "expected": "0644", "actual": "0600"}])}, **options)

    def types(self, events, since=0):
        return [event["type"] for event in events.seen[since:]]

    def assert_problem(self, reply, status, code):
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(reply.headers["content-type"].split(";")[0], "application/problem+json")
        self.assertEqual(reply.body["code"], code, reply)
        self.assertEqual(reply.body["type"], f"/problems/{code}")
        self.assertTrue(reply.body["request_id"])
