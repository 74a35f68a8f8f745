"""The model of the fleet: compiling, plans, a label until its file is there; its cost when idle."""

import json
import subprocess
import threading
import time

from programs import anonymous_kib, fine_cpu_ms, wake_ups
from support.herd import SCHEMA

RESOURCES, OF_EACH_HOST = 50, 20
SECONDS = 2  # of CPU for each figure of compiling
TIMES = 50  # labels and plans of one host
IDLE_SECONDS = 30
CONTENT = """# {{host.name}} in {{environment.name}}
listen {{port}};
workers {{workers}};
{{#servers}}
server {{name}}:{{port}};
{{/servers}}
{{#if host.labels.role = web}}
user www-data;
{{/if}}
"""


def application(count):
    """Of files of eight lines, which differ from host to host and from file to file."""
    defaults = {"port": 8000, "workers": 4,
                "servers": [{"name": f"app{number}", "port": 9000 + number} for number in range(2)]}
    return {"parameters": {"properties": {key: {"default": value}
                                          for key, value in defaults.items()}},
            "resources": [{"collection": "files",
                           "id": f"/srv/{{{{application.name}}}}/{number}.conf",
                           "description": {"content": f"# {number}\n" + CONTENT, "mode": "0644"}}
                          for number in range(count)]}


def compiling(bench):
    found = []
    for _ in range(bench.rounds):
        folder = bench.folder()
        folder.mkdir()
        done = subprocess.run([bench.build / "tests/bench/compile/bench_compile", folder, SCHEMA,
                               str(SECONDS)], input=json.dumps(application(RESOURCES)),
                              capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    floor = sorted(one["rendered"] for one in found)[len(found) // 2]
    bench.add(f"compile hosts of {RESOURCES} templated resources, one core", "/s",
              [one["compiled"] for one in found], goal=">= 2,000, <= 3 x", more=True,
              floor=("their templates rendered", floor))


def call(rest, status, *request):
    done = rest.call(*request)
    if done.status != status:
        raise RuntimeError(f"{request[:2]}: {done}")
    return done.body


def label_to_file(bench):
    """A label of a host, until a file that depends on it is on its disk; and idle beside it."""
    with bench.orchestrator() as orchestrator, bench.agent(orchestrator) as agent:
        rest, folder = orchestrator.rest, agent.root / "files"
        folder.mkdir()
        host = rest.items("/v1/hosts")[0]["name"]
        before = idle(orchestrator.pid)
        call(rest, 201, "PUT", "/v1/applications/labelled", {"resources": [
            {"collection": "files", "id": f"{folder}/{{{{host.labels.number}}}}",
             "when": "host.labels : number", "description": {"content": "{{host.name}}\n"}}]})
        call(rest, 201, "PUT", "/v1/assignments/labelled", {"application": "labelled"})
        found = [one_label(rest, host, folder, number) for number in range(TIMES)]
        bench.add("a label of a host until its new file is there", "ms", found, goal="<= 50")
        add_idle(bench, before, idle(orchestrator.pid))


def one_label(rest, host, folder, number):
    file, start = folder / f"n{number}", time.monotonic()
    call(rest, 200, "PATCH", f"/v1/hosts/{host}", {"labels": {"number": f"n{number}"}})
    while not file.exists():
        if time.monotonic() > start + 30:
            raise RuntimeError(f"{file} does not come")
        time.sleep(0.0002)  # so that looking costs the machine little
    took = (time.monotonic() - start) * 1000
    while rest.items("/v1/commands?filter=state%20in%20(queued,sent,running)&limit=1"):
        time.sleep(0.01)  # so that the next label meets a host at rest
    return took


def idle(pid):
    """CPU and wake-ups a minute."""
    time.sleep(3)  # what was before it is over
    cpu, wakes = fine_cpu_ms(pid), wake_ups(pid)
    time.sleep(IDLE_SECONDS)  # what passes in this time is measured
    return tuple((now - was) * 60 / IDLE_SECONDS
                 for now, was in ((fine_cpu_ms(pid), cpu), (wake_ups(pid), wakes)))


def add_idle(bench, before, after):
    for what, unit, was, now in zip(("CPU", "wake-ups"), ("ms", ""), before, after):
        bench.add(f"idle orchestrator with a model, one agent, {what} a minute", unit, [now],
                  goal="as without", floor=("without", was))


def plans(bench):
    """Of settings that hosts use which have all their files."""
    fleet = bench.fleet
    fleet.connect(lambda: (0, 0))
    rest, pid = fleet.orchestrator.rest, fleet.orchestrator.pid
    host = rest.call("GET", "/v1/hosts?limit=1").body["items"][0]["name"]
    assign(bench, fleet, rest)
    times, more = [], []
    for number in range(bench.rounds):
        with Peak(pid) as peak:
            times.append(plan(rest, "/v1/settings/global/workers", number + 10, bench.agents))
        more.append(peak.more_mib)
    name = f"plan of a setting that {bench.agents:,} hosts use, {OF_EACH_HOST} resources each"
    bench.add(name, "s", times, goal="<= 8")
    bench.add("the same, memory more", "MiB", more, goal="<= 256")
    found = [plan(rest, f"/v1/settings/host:{host}/workers", number + 10, 1) * 1000
             for number in range(TIMES)]
    bench.add(f"plan of a setting of one host of {bench.agents:,}", "ms", found, goal="<= 20")


def assign(bench, fleet, rest):
    """The application to all, until all have it."""
    call(rest, 201, "PUT", "/v1/applications/web", application(OF_EACH_HOST))
    before, start = fleet.herd.report()["outcomes_accepted"], time.monotonic()
    call(rest, 201, "PUT", "/v1/assignments/web", {"application": "web"})
    answered = time.monotonic() - start
    while fleet.herd.report()["outcomes_accepted"] < before + bench.agents:
        time.sleep(0.05)  # so that asking costs the herd little
    bench.add(f"assign {OF_EACH_HOST} resources to {bench.agents:,} hosts, until all outcomes are "
              "committed", "s", [time.monotonic() - start])
    bench.add("the same, until it is answered", "s", [answered])


def plan(rest, path, value, hosts):
    start = time.monotonic()
    made = call(rest, 201, "POST", "/v1/plans", {"changes": [
        {"method": "PUT", "path": path, "body": {"value": value}}]})
    took = time.monotonic() - start
    if made["summary"]["hosts"] != hosts:
        raise RuntimeError(f"not {hosts} hosts: {made['summary']}")
    return took


class Peak:
    """How much more anonymous memory a process has at most, meanwhile."""

    def __init__(self, pid):
        self.pid, self.before, self.most, self.is_over = pid, 0, 0, threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self.before = anonymous_kib(self.pid)
        self.thread.start()
        return self

    def _watch(self):
        while not self.is_over.wait(0.02):
            self.most = max(self.most, anonymous_kib(self.pid))

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    @property
    def more_mib(self):
        return max(self.most - self.before, 0) / 1024
