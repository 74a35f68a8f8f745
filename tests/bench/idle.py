"""What both programs cost while nothing happens."""

import time

from programs import cpu_ms, fine_cpu_ms, private_kib, wake_ups

SECONDS = 20
MINUTE = 60


def measure(bench):
    fleet = bench.fleet
    fleet.connect(lambda: (0, 0))
    pid, found, herd = fleet.orchestrator.pid, [], []
    for _ in range(bench.rounds):
        before, theirs = cpu_ms(pid), fleet.herd.report()["cpu_ms"]
        time.sleep(SECONDS)  # what passes in this time is measured
        found.append((cpu_ms(pid) - before) / SECONDS / 10)
        herd.append((fleet.herd.report()["cpu_ms"] - theirs) / SECONDS / 10)
    bench.add(f"idle with {bench.agents:,} agents, heartbeat 10 s", "% of a core", found,
              goal="<= 5")
    bench.add("the same, the herd", "% of a core", herd)


def measure_agent(bench):
    """A connected agent with 1,000 files described."""
    with bench.orchestrator() as orchestrator, bench.agent() as skeleton:
        empty = private_kib(skeleton.pid) / 1024
        with bench.agent(orchestrator) as agent:
            files = agent.root / "files"
            files.mkdir()
            resources = [{"collection": "files", "id": str(files / f"{number}"),
                          "description": {"content": "x" * 200}} for number in range(1_000)]
            host = orchestrator.rest.items("/v1/hosts")[0]["name"]
            done = orchestrator.rest.call("POST", f"/v1/hosts/{host}:apply",
                                          {"resources": resources}, {"Prefer": "wait=60"})
            if done.body.get("state") != "succeeded":
                raise RuntimeError(f"the FILE failed: {done}")
            time.sleep(5)  # the end of its last command is over
            cpu, wakes = fine_cpu_ms(agent.pid), wake_ups(agent.pid)
            time.sleep(MINUTE)  # what passes in this time is measured
            bench.add("agent with 1,000 described, private memory", "MiB",
                      [private_kib(agent.pid) / 1024], goal="<= 8", floor=("nothing described",
                                                                           empty))
            bench.add("the same, CPU a minute", "ms", [fine_cpu_ms(agent.pid) - cpu])
            bench.add("the same, wake-ups a minute", "", [wake_ups(agent.pid) - wakes],
                      goal="<= 30")
