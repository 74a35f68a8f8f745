#!/usr/bin/env python3
"""Runs clang-tidy (the list in .clang-tidy, all errors) on some source files of a build.

Usage: clang_tidy.py BUILD [FILE...]. Without files it takes those that changed against the main
branch or are not committed, and where nothing changed the cheapest few, so that the list is known
to hold at all. One file costs 1 to 5 s. What clang 14 cannot compile (it knows less of C++20 than
g++ 12) is no finding: only the listed checks are.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
AT_MOST = 12


def git(*argv):
    done = subprocess.run(["git", "-C", str(ROOT), *argv], capture_output=True, text=True,
                          check=False)
    return done.stdout.split() if done.returncode == 0 else []


def changed():
    """Paths that differ from the main branch, else from the last commit but one."""
    base = git("merge-base", "HEAD", "origin/main") or git("rev-parse", "HEAD~1")
    return {*(git("diff", "--name-only", base[0]) if base else []),
            *git("ls-files", "--others", "--exclude-standard")}


def built(build):
    """path from the root -> size, of each source of ours that the build compiles."""
    with open(build / "compile_commands.json", encoding="utf-8") as file:
        commands = json.load(file)
    paths = {(build / command["file"]).resolve() for command in commands}
    return {str(path.relative_to(ROOT)): path.stat().st_size for path in paths
            if path.is_relative_to(ROOT) and not path.is_relative_to(build) and path.exists()}


def choose(sources, wanted):
    """The wanted sources, smallest first and not too many, or the smallest few of all."""
    able = {path: size for path, size in sources.items()
            if path.endswith(".cpp") and not path.startswith("tests/")}
    by_size = sorted(able, key=able.get)
    return [path for path in by_size if path in wanted][:AT_MOST] or by_size[:3]


def check(build, path):
    """The findings of the listed checks in one file and the headers it includes."""
    done = subprocess.run(["clang-tidy", "--quiet", f"-p={build}", str(ROOT / path)],
                          capture_output=True, text=True, check=False)
    found = re.findall(r"^(.*): error: (.*) \[([\w.-]+)(?:,.*)?\]$", done.stdout, re.M)
    return {f"{os.path.relpath(build / place, ROOT)}: {problem} [{name}]"
            for place, problem, name in found if not name.startswith("clang-diagnostic")}


def main(argv):
    build = pathlib.Path(argv[0]).resolve()
    sources = argv[1:] or choose(built(build), changed())
    print("clang-tidy:", *sources, flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = set().union(*pool.map(lambda path: check(build, path), sources))
    print(*sorted(found), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
