"""Prints where processes and their descendants listen, and fails if one is not on loopback.

    listeners.py PID…
"""

import os
import socket
import sys
from pathlib import Path

LISTEN = "0A"


def family(ancestors):
    """These processes and all their descendants."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # the process has ended meanwhile
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = set(), list(ancestors)
    while waiting:
        process = waiting.pop()
        found.add(process)
        waiting += children.get(process, [])
    return found


def sockets(process):
    """The inodes of the sockets that the process has open."""
    for descriptor in Path(f"/proc/{process}/fd").glob("*"):
        try:
            name = os.readlink(descriptor)
        except OSError:
            continue
        if name.startswith("socket:["):
            yield name[len("socket:[") : -1]


def listening():
    """The address and the port of every listening socket, by inode."""
    for table, kind in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == LISTEN:
                address, port = local.split(":")
                words = [bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)]
                yield rest[5], (socket.inet_ntop(kind, b"".join(words)), int(port, 16))


def main(processes):
    family_sockets = {inode for process in family(processes) for inode in sockets(process)}
    found = sorted(where for inode, where in listening() if inode in family_sockets)
    open_to_others = [where for where in found if where[0] not in ("127.0.0.1", "::1", "::ffff:127.0.0.1")]
    print("  " + ", ".join(f"{address}:{port}" for address, port in found))
    if open_to_others or not found:
        sys.exit(f"these listen beyond this machine: {open_to_others}" if found else "nothing listens")


main([int(process) for process in sys.argv[1:]])
