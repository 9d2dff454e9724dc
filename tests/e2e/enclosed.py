"""Run a command where nothing gets out, and write down what tried to.

    unshare --net python enclosed.py RESULT.json MARK HOME PORT PORT… -- COMMAND…

In a network namespace of its own: the loopback, and one way out, a TUN device that all routes lead to. What
is sent there is read here and answered by nobody. On each PORT of 127.0.0.1 there is a trap, which takes
connections, notes what they ask for, and refuses. All that the command starts is looked at again and again:
whose environment has MARK in it. Files under HOME that somebody opens are noted.
"""

from __future__ import annotations

import ctypes
import fcntl
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
IN_OPEN = 0x20
OUT = "out0"
HAS_IPV6 = Path("/proc/sys/net/ipv6").exists()


def way_out() -> int:
    """The device that everything leaves by; its packets are read from it."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", OUT.encode(), IFF_TUN | IFF_NO_PI))
    lines = [
        "link set lo up",
        f"link set {OUT} up",
        f"address add 192.0.2.1/24 dev {OUT}",
        f"route add default dev {OUT}",
    ]
    if HAS_IPV6:
        lines += [f"-6 address add 2001:db8::1/64 dev {OUT} nodad", f"-6 route add default dev {OUT}"]
    for line in lines:
        subprocess.run(["ip", *line.split()], check=True)
    return device


def destination(packet: bytes) -> str | None:
    """Where a packet was to go; None for what the kernel itself tells its neighbours of IPv6."""
    if packet[0] >> 4 == 4:
        to, protocol = ipaddress.ip_address(packet[16:20]), packet[9]
    else:
        to, protocol = ipaddress.ip_address(packet[24:40]), packet[6]
        # Multicast listener reports, with their hop-by-hop header; discovery of routers and neighbours.
        if to.is_multicast and protocol in (0, 58):
            return None
    ports = {6: "tcp", 17: "udp"}.get(protocol, f"protocol {protocol}")
    header = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
    port = int.from_bytes(packet[header + 2 : header + 4], "big") if protocol in (6, 17) else ""
    asked = _question(packet[header + 8 :]) if (protocol, port) == (17, 53) else ""
    return f"{to} {ports} {port} {asked}".strip()


def _question(query: bytes) -> str:
    """The name that a query of the DNS asks for."""
    labels, rest = [], query[12:]
    while rest and rest[0]:
        labels.append(rest[1 : rest[0] + 1].decode(errors="replace"))
        rest = rest[rest[0] + 1 :]
    return ".".join(labels)


class Seen:
    def __init__(self, mark: str, home: Path) -> None:
        self.mark, self.home = mark.encode(), home
        self.packets: Counter[str] = Counter()
        self.connections: list[str] = []
        self.children: dict[str, list[str]] = {}
        """Programs that ran, each with the names of variables that had the mark in them."""
        self.opened: set[str] = set()

    def read_packets(self, device: int) -> None:
        while True:
            if to := destination(os.read(device, 65536)):
                self.packets[to] += 1

    def be_trapped(self, port: int) -> None:
        trap = socket.create_server(("127.0.0.1", port), backlog=64)

        def serve() -> None:
            while True:
                connection, _ = trap.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            number = len(self.connections)
            self.connections.append(f"{port}")
            with connection:
                connection.settimeout(2)
                try:
                    asked = connection.recv(4096)
                    connection.sendall(
                        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    )
                except OSError:
                    return
            self.connections[number] += f" {asked.splitlines()[0].decode(errors='replace')}" if asked else ""

        threading.Thread(target=serve, daemon=True).start()

    def watch_home(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        notify = libc.inotify_init()
        folders = {}
        for folder in [self.home, *(each for each in self.home.rglob("*") if each.is_dir())]:
            folders[libc.inotify_add_watch(notify, str(folder).encode(), IN_OPEN)] = folder

        def read() -> None:
            while True:
                events = os.read(notify, 65536)
                while events:
                    number, _, _, length = struct.unpack("iIII", events[:16])
                    name = events[16 : 16 + length].rstrip(b"\0").decode()
                    events = events[16 + length :]
                    # Looking at a folder has no name in it.
                    if name:
                        self.opened.add(str((folders[number] / name).relative_to(self.home)))

        threading.Thread(target=read, daemon=True).start()

    def look_at_children(self, besides: set[int]) -> None:
        """Whoever is in this namespace, but for this process and the command itself, the caller's own."""
        here = os.readlink("/proc/self/ns/net")
        parents = {Path(f"/proc/{each}/cmdline").read_bytes() for each in besides}
        while True:
            for process in Path("/proc").glob("[0-9]*"):
                if int(process.name) in besides:
                    continue
                try:
                    if os.readlink(process / "ns/net") != here:
                        continue
                    command = (process / "cmdline").read_bytes()
                    # Between its fork and its program a child still looks as its parent.
                    if command in parents:
                        continue
                    program = Path(command.split(b"\0")[0].decode()).name
                    environ = (process / "environ").read_bytes().split(b"\0")
                except OSError:
                    continue
                marked = sorted({each.partition(b"=")[0].decode() for each in environ if self.mark in each})
                self.children[program] = sorted({*self.children.get(program, []), *marked})
            time.sleep(0.02)


def main() -> None:
    result, mark, home, *rest = sys.argv[1:]
    cut = rest.index("--")
    ports, command = rest[:cut], rest[cut + 1 :]
    seen = Seen(mark, Path(home))
    threading.Thread(target=seen.read_packets, args=(way_out(),), daemon=True).start()
    for port in ports:
        seen.be_trapped(int(port))
    seen.watch_home()
    besides = {os.getpid()}
    process = subprocess.Popen(command, start_new_session=True)
    besides.add(process.pid)
    threading.Thread(target=seen.look_at_children, args=(besides,), daemon=True).start()
    code = process.wait()
    # What was sent last may be on its way.
    time.sleep(0.5)
    Path(result).write_text(
        json.dumps(
            {
                "code": code,
                "packets": seen.packets,
                "connections": seen.connections,
                "children": seen.children,
                "opened": sorted(seen.opened),
            }
        )
    )


if __name__ == "__main__":
    main()
