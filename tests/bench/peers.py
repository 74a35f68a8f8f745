"""Others that check the same files: CPU in milliseconds of those that are installed."""

import pathlib
import resource
import shutil
import statistics
import subprocess

ROUNDS = 3
AIDE = """database_in=file:{root}/aide.db
database_out=file:{root}/aide.db
report_url=file:{root}/aide.log
gzip_dbout=no
All = p+u+g+s+ftype+sha256
{folder} All
"""
CFENGINE = """body common control {{ bundlesequence => {{ "main" }}; }}
body perms bench {{ mode => "0644"; }}
bundle agent main {{ files:
{promises}
}}
"""


def cpu_of(argv):
    """Of a program that ends, with all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def measure(paths, root):
    """[(name, CPU in ms)] of a check that finds nothing to do."""
    found = []
    for name, program, commands in (("aide", "aide", aide), ("CFEngine", "cf-agent", cfengine),
                                    ("Puppet", "puppet", puppet)):
        if shutil.which(program):
            argv = commands(paths, pathlib.Path(root))
            cpu_of(argv)
            found.append((name, statistics.median(cpu_of(argv) for _ in range(ROUNDS))))
    return found


def aide(paths, root):
    config = root / "aide.conf"
    config.write_text(AIDE.format(root=root, folder=pathlib.Path(paths[0]).parent))
    subprocess.run(["aide", "-c", config, "--init"], capture_output=True, check=True)
    return ["aide", "-c", str(config), "--check"]


def cfengine(paths, root):
    policy = root / "policy.cf"
    policy.touch(mode=0o600)
    policy.write_text(CFENGINE.format(promises="\n".join(
        f'"{path}" create => "true", perms => bench,\n'
        f' content => "{pathlib.Path(path).read_text()}";' for path in paths)))
    return ["cf-agent", "-K", "-f", str(policy)]


def puppet(paths, root):
    manifest = root / "site.pp"
    manifest.write_text("\n".join(
        f"file {{ '{path}': ensure => file, mode => '0644', "
        f"content => \"{pathlib.Path(path).read_text()}\" }}" for path in paths))
    return ["puppet", "apply", "--vardir", str(root / "puppet"), str(manifest)]
