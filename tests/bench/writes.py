"""Durable writes: PUTs over REST for hosts that are offline, 64 connections."""

from programs import cpu_ms

SECONDS = 5
GOAL = ">= 10,000"


def rate(orchestrator, hosts, first):
    """PUTs of new resources for some seconds; (load's report, CPU in us and bytes of disk each)."""
    cpu, size = cpu_ms(orchestrator.pid), orchestrator.store_bytes()
    said = orchestrator.load("--hosts", hosts, "--seconds", SECONDS, "--first", first)
    if said["failed"] or not said["answered"]:
        raise RuntimeError(f"PUTs failed: {said}")
    return (said, (cpu_ms(orchestrator.pid) - cpu) * 1000 / said["answered"],
            (orchestrator.store_bytes() - size) / said["answered"])


def measure(bench):
    floors = [bench.floor_store(batch=64) for _ in range(bench.rounds)]
    store = ("LMDB alone", sorted(one["per_second"] for one in floors)[len(floors) // 2])
    with bench.orchestrator() as orchestrator:
        livez = [orchestrator.load("--get", "/livez", "--seconds", 2)["per_second"]
                 for _ in range(bench.rounds)]
        bench.add("GET /livez, 64 connections", "/s", livez, more=True)
        herd = orchestrator.herd(1)
        described = prepared(orchestrator, herd, 1_000)
        one_host(bench, orchestrator, herd, described, store)
    with bench.orchestrator() as orchestrator:
        many_hosts(bench, orchestrator, store)


def prepared(orchestrator, herd, count):
    """Describes so many resources on one host, as far as a minute goes; how many there are."""
    said = orchestrator.load("--hosts", herd.hosts, "--count", count, "--seconds", 60)
    return said["answered"]


def one_host(bench, orchestrator, herd, described, store):
    at = described
    for name, least in (("1,000", 0), ("20,000", 20_000)):
        if at < least:
            at += orchestrator.load("--hosts", herd.hosts, "--first", at, "--count", least - at,
                                    "--seconds", 30)["answered"]
            name = f"{at:,}"
        found, cpu = [], []
        for _ in range(bench.rounds):
            said, us, _ = rate(orchestrator, herd.hosts, at)
            at += said["answered"]
            found.append(said["per_second"])
            cpu.append(us)
        bench.add(f"durable writes, one host with {name} described", "/s", found, goal=GOAL,
                  floor=store, more=True)
        bench.add(f"the same, CPU each, {name}", "us", cpu)


def many_hosts(bench, orchestrator, store):
    herd, at = orchestrator.herd(2_000), 0
    found, cpu, disk = [], [], []
    for _ in range(bench.rounds):
        said, us, size = rate(orchestrator, herd.hosts, at)
        at += said["answered"] // 2_000 + 1
        found.append(said["per_second"])
        cpu.append(us)
        disk.append(size / 1024)
    bench.add("durable writes over 2,000 hosts", "/s", found, goal=GOAL, floor=store, more=True)
    bench.add("the same, CPU each", "us", cpu)
    bench.add("the same, disk each", "KiB", disk, goal="<= 12")
