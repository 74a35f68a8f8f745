"""How long an author waits: for a plugin from the template, and for `ek-plugin validate`."""

import os
import pathlib
import subprocess
import time

TREE = pathlib.Path(__file__).resolve().parents[2]


def run(*argv, **more):
    done = subprocess.run(list(map(str, argv)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{argv} ends with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def sdk(bench):
    """ek-plugin of the package for authors, unpacked in a folder of its own."""
    folder = bench.folder()
    folder.mkdir()
    package = run(TREE / "scripts/plugin-dev-package", bench.build, folder).splitlines()[-1]
    run("dpkg-deb", "-x", package, folder / "sdk")
    return next((folder / "sdk").rglob("bin/ek-plugin"))


def measure(bench):
    tool, made, validated = sdk(bench), [], []
    # As on a machine of an author, who has no cache of this tree.
    environment = {**os.environ, "CC": "gcc", "CXX": "g++",
                   "PKG_CONFIG_PATH": str(tool.parents[1] / "share/pkgconfig")}
    for _ in range(bench.rounds):
        folder, start = bench.folder(), time.monotonic()
        run(tool, "new", "todo", "--lang", "c++", "--build", "meson", "--dir", folder)
        run("meson", "setup", "build", cwd=folder, env=environment)
        run("meson", "compile", "-C", "build", cwd=folder, env=environment)
        built = time.monotonic()
        run(tool, "validate", folder / "build/todo.so", env=environment)
        end = time.monotonic()
        made.append(end - start)
        validated.append(end - built)
    bench.add("ek-plugin new until the plugin is built and valid", "s", made, goal="<= 60")
    bench.add("of that, ek-plugin validate, all checks", "s", validated, goal="<= 60")
