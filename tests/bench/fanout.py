"""One command to every agent, until all outcomes are committed."""

from programs import cpu_ms


def measure(bench):
    fleet = bench.fleet
    fleet.connect(lambda: (0, 0))
    floor = getattr(bench, "floor_fan_out_s", None)
    took, puts, cpu = [], [], []
    for _ in range(bench.rounds):
        before = cpu_ms(fleet.orchestrator.pid)
        seconds, said = fleet.describe_on_each()
        took.append(seconds)
        puts.append(said["per_second"])
        cpu.append((cpu_ms(fleet.orchestrator.pid) - before) * 1000 / bench.agents)
    bench.add(f"one PUT for each of {bench.agents:,} agents, until all outcomes are committed", "s",
              took, goal="<= 5", floor=("raw Proton", floor) if floor else None)
    bench.add("the same, PUTs answered", "/s", puts, more=True)
    bench.add("the same, CPU of the orchestrator each", "us", cpu)
