"""One command to every agent, until all outcomes are committed."""

from programs import cpu_ms


def measure(bench):
    fleet = bench.fleet
    fleet.connect(lambda: (0, 0))
    floor = getattr(bench, "floor_fan_out_s", None)
    one_request(bench, fleet, floor)
    took, puts, cpu = [], [], []
    for _ in range(bench.rounds):
        before = cpu_ms(fleet.orchestrator.pid)
        seconds, said = fleet.describe_on_each()
        took.append(seconds)
        puts.append(said["per_second"])
        cpu.append((cpu_ms(fleet.orchestrator.pid) - before) * 1000 / bench.agents)
    bench.add("the same by one PUT for each agent", "s", took,
              floor=("raw Proton", floor) if floor else None)
    bench.add("the same, PUTs answered", "/s", puts, more=True)
    bench.add("the same, CPU of the orchestrator each", "us", cpu)


def one_request(bench, fleet, floor):
    found = [fleet.apply_on_all() for _ in range(bench.rounds)]
    bench.add(f"one POST /v1/resources:apply for {bench.agents:,} agents, until all outcomes are "
              "committed", "s", [took for took, _ in found], goal="<= 5",
              floor=("raw Proton", floor) if floor else None)
    bench.add("the same, until it is answered", "s", [answered for _, answered in found])
