"""Reads from a trace what a program tried to change, in words, whether or not it succeeded."""

import re
import struct

# System calls that change what their first descriptor is.
BY_DESCRIPTOR = {"fchmod", "fchown", "ftruncate", "fallocate", "fsetxattr", "fremovexattr",
                 "futimesat"}
# Those that change what is at the paths they name.
BY_PATH = set("""
    creat rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat
    rmdir mknod mknodat chmod fchmodat chown lchown fchownat truncate utime utimes utimensat
    setxattr lsetxattr removexattr lremovexattr
""".split())
# Those that write to what they open only if their flags say so.
OPENING = {"open", "openat", "openat2"}
# Many ask for the folders on their way without looking first.
MAKING = {"mkdir", "mkdirat"}
WRITING_FLAGS = re.compile(r"\bO_(WRONLY|RDWR|CREAT|TRUNC|TMPFILE)\b")
# To a process of its own a program may send signals.
SIGNALLING = {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"}
# What no plan has a use for. Rings and the memory of others would go past this trace.
NEVER = set("""
    mount umount2 move_mount mount_setattr fsmount pivot_root swapon swapoff pidfd_send_signal
    settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname reboot init_module
    finit_module delete_module kexec_load bpf io_uring_setup ptrace process_vm_writev
""".split())
# A descriptor for writing had to be opened; only a socket needs a look at what goes over it.
SENDING = {"sendmsg", "sendmmsg", "sendto", "write", "writev"}
STARTING = {"fork", "vfork", "clone", "clone3"}
ALL = BY_DESCRIPTOR | BY_PATH | OPENING | SIGNALLING | NEVER | SENDING | STARTING | {"execve"}

# Methods of D-Bus that only ask, by the custom of their names.
ASKING = re.compile(r"(Hello|Ping|Introspect|AddMatch|RemoveMatch|Subscribe|Unsubscribe|"
                    r"NameHasOwner|(Get|List|Load)([A-Z]\w*)?)")

LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)")
BYTES = r'"((?:\\x[0-9a-f]{2})*)"'
PATH = re.compile(r"(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?" + BYTES)
DESCRIPTOR = re.compile(r"\d+<([^<>]*)")
SENT = re.compile(r"(?:iov_base=|>, )" + BYTES)
OTHER_PROCESS = re.compile(r"(\d+) in strace's PID NS")


def command(log):
    """What to put before a command line, so that `log` tells of it. Not every machine has every
    call."""
    return ["strace", "--follow-forks", "--seccomp-bpf", "--quiet=all", "--decode-fds=all",
            "--decode-pids=pidns", "--strings-in-hex=all", "--string-limit=65536",
            "--signal=none", f"--output={log}",
            "--trace=" + ",".join(f"?{name}" for name in sorted(ALL))]


def offences(lines, program, own):
    """What `program` (its base name) tried to change but for the folder `own`, in words."""
    found, processes, started = [], set(), False
    for line in lines:
        match = LINE.match(line)
        if not match:
            continue
        process, name, rest = match.groups()
        processes.add(process)
        if name in STARTING:
            processes.update(OTHER_PROCESS.findall(rest))
        elif "<... " in line:
            continue
        elif name == "execve":
            # Another process may be told of between the call and its answer.
            began = rest.endswith((" = 0", "<unfinished ...>"))
            started = started or (began and text(PATH.match(rest)[2]).endswith("/" + program))
        elif started:
            found += judge(name, rest, own, processes)
    if not started:
        raise AssertionError(f"the trace does not show {program}")
    return found


def judge(name, rest, own, processes):
    if name in NEVER:
        return [f"{name}({rest.strip()}"]
    if name in SIGNALLING:
        other = OTHER_PROCESS.search(rest)
        return [] if other and other[1] in processes else [f"{name}({rest.strip()}"]
    if name in SENDING:
        return sent(name, rest)
    if name in OPENING and not WRITING_FLAGS.search(rest):
        return []
    if name in MAKING and "= -1 EEXIST" in rest:
        return []
    if name in BY_DESCRIPTOR:
        paths = [text(DESCRIPTOR.match(rest)[1])]
    else:
        paths = [f"{text(folder)}/{text(path)}" if folder and not text(path).startswith("/")
                 else text(path) for folder, path in PATH.findall(rest)]
    return [f"{name} of {path}" for path in paths if not harmless(path, own)]


def harmless(path, own):
    return path in (own, "/dev/null") or path.startswith((own + "/", "/memfd:"))


def text(escaped):
    """The text of a string in hexadecimal escapes; others stay as they are."""
    if "\\x" not in escaped:
        return escaped
    return bytes.fromhex(escaped.replace("\\x", "")).decode(errors="replace")


def sent(name, rest):
    """What was asked of others over a socket, if it was more than a question."""
    kind = DESCRIPTOR.match(rest)[1]
    if "\\x" in kind:  # a path: a pipe, a file
        return []
    data = b"".join(bytes.fromhex(part.replace("\\x", "")) for part in SENT.findall(rest))
    if data.startswith((b"\0AUTH", b"AUTH", b"BEGIN", b"NEGOTIATE")):
        return []
    try:
        return [f"calls {method} over D-Bus" for method in methods(data)
                if not ASKING.fullmatch(method)]
    except (struct.error, KeyError, UnicodeDecodeError):
        return [f"{name} of {len(data)} bytes to {kind}"]


def methods(data):
    """The method calls and signals in messages of D-Bus, by their names."""
    found = []
    while data:
        order = {b"l": "<", b"B": ">"}[data[:1]]
        kind, body, fields = struct.unpack_from(order + "xBxxI4xI", data)
        if kind in (1, 4):
            found.append(member(data[16:16 + fields], order))
        data = data[(16 + fields + 7) // 8 * 8 + body:]
    return found


def member(fields, order):
    """The field MEMBER (3) of a message's header: a list of (code, signature, value)."""
    at = 0
    while at < len(fields):
        at = (at + 7) // 8 * 8
        code, signature = fields[at], fields[at + 2:at + 3]
        at += 4
        if signature == b"g":
            at += fields[at] + 2
            continue
        number, = struct.unpack_from(order + "I", fields, at)
        at += 4
        if signature in (b"s", b"o"):
            if code == 3:
                return fields[at:at + number].decode()
            at += number + 1
    raise KeyError("no member")
