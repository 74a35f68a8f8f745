"""A disk of a few megabytes that a test can fill; it needs root."""

import subprocess


def mount(folder, size):
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)],
                   check=True)


def unmount(folder):
    subprocess.run(["umount", "--lazy", str(folder)], check=False, stderr=subprocess.DEVNULL)


def fill(folder):
    """Takes all that is left, as another program on the machine would."""
    with open(folder / "filler", "ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                pass
