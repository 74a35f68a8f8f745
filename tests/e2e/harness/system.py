"""An orchestrator and hosts, each in a bed, with the programs as `meson install` lays them down."""

import json
import os
import pathlib
import subprocess

from beds.lab import Lab
from harness.events import Events
from harness.proxy import Proxy
from harness.rest import Rest
from support.wait import eventually

ORCHESTRATOR = "evenkeel-orchestrator"
AGENT = "evenkeel-agent"
STATE = "/var/lib/evenkeel"
# Clients find the proxy at the port that the documentation names, and it the orchestrator here.
REST_PORT, HIDDEN_PORT = 7780, 7781
HEARTBEAT = "5s"


def installed():
    """A tree with what `meson install` installs, laid over the root of every bed."""
    stage = pathlib.Path("/run/stage")
    if not stage.exists():
        build = os.environ["EVENKEEL_BUILD"]
        done = subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet"],
                              env={**os.environ, "DESTDIR": str(stage)}, check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"meson install: {done.stdout}{done.stderr}")
    return stage


class System:
    """One orchestrator and its hosts. Host names are the beds' names; `ids` maps them to ids."""

    def __init__(self, *names, kinds=None, agent=None, prepare=None, checked=True):
        """`agent` is laid over every agent's configuration; `prepare` gets each host once.

        `kinds` is handed to Lab. Unless `checked` nothing stands between a client and the
        orchestrator: for what is measured.
        """
        self._agent_config = agent or {}
        self.lab = Lab(installed(), kinds)
        self.orchestrator, *beds = self.lab.boot("orchestrator", *names)
        self.hosts = dict(zip(names, beds))
        self.proxy = Proxy(self.orchestrator, REST_PORT) if checked else None
        try:
            self.start_orchestrator()
            for name in names:
                if prepare:
                    prepare(self.hosts[name])
                self.enrol(name)
        except Exception:
            print(self.describe(), flush=True)
            self.lab.close()
            raise
        self.ids = {host["name"]: host["id"] for host in self.rest.items("/v1/hosts")}
        self.events = Events(self.rest)

    def close(self):
        self.events.close()
        if self.proxy:
            self.proxy.close()
        self.lab.close()

    def start_orchestrator(self):
        port = HIDDEN_PORT if self.proxy else REST_PORT
        write(self.orchestrator, "/etc/evenkeel/orchestrator.json", json.dumps(
            {"bus": {"heartbeat": HEARTBEAT}, "log": {"level": "debug"},
             "rest": {"listen": f"127.0.0.1:{port}"}}))
        self.orchestrator.run("systemctl", "start", ORCHESTRATOR)
        if self.proxy:
            self.proxy.serve(port)
        token = self.orchestrator.run("cat", f"{STATE}/orchestrator/admin.token").stdout.strip()
        self.rest = Rest(token, REST_PORT, self.orchestrator)
        eventually("the orchestrator is ready", self.is_ready)

    def is_ready(self):
        return self.rest.call("GET", "/readyz").status == 200

    def enrol(self, name):
        """Runs the install line of a new token on the host and starts its agent."""
        host = self.hosts[name]
        write(host, "/etc/evenkeel/agent.json", json.dumps(
            {"log": {"level": "debug"}, **self._agent_config}))
        made = self.rest.call("POST", "/v1/enrolment-tokens", {"name": f"for {name}"})
        if made.status != 201:
            raise AssertionError(f"no enrolment token: {made}")
        host.run("sh", "-c", made.body["install"])
        host.run("systemctl", "start", AGENT)
        eventually(f"{name} is online", lambda: self.is_online(name))

    def is_online(self, name):
        return self.rest.get(f"/v1/hosts/{name}")["connection"] == "online"

    def agent(self, name, *argv, check=False, stdin=""):
        """evenkeel-agent on a host: (exit code, decoded output or text)."""
        done = self.hosts[name].run(AGENT, *argv, check=check, stdin=stdin)
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.returncode, done.stdout + done.stderr

    def kill(self, bed, unit):
        """SIGKILL to the daemon; its unit starts it again."""
        before = main_pid(bed, unit)
        bed.run("systemctl", "kill", "--signal=KILL", unit)
        eventually(f"{unit} runs again", lambda: main_pid(bed, unit) not in ("0", before)
                   and bed.run("systemctl", "is-active", unit))

    def describe(self):
        """What is worth reading after a failure."""
        parts = [("orchestrator", self.orchestrator.journal(ORCHESTRATOR))]
        parts += [(name, host.journal(AGENT)) for name, host in self.hosts.items()]
        return "\n".join(f"--- {name}\n" + "\n".join(text.splitlines()[-60:])
                         for name, text in parts)


def main_pid(bed, unit):
    return bed.run("systemctl", "show", "--property=MainPID", "--value", unit).stdout.strip()


def write(bed, path, text):
    """Writes a file on a host, from inside it, so that what watches there sees it."""
    bed.run("mkdir", "-p", str(pathlib.PurePath(path).parent))
    bed.run("tee", path, stdin=text)
