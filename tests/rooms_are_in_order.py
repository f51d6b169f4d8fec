#!/usr/bin/python3
"""Checks that no room includes a room that it does not link.

The rooms are the folders of policy, integration and plugin; the CMake library of each, in the graph that
`cmake --graphviz` writes, names the rooms that it links. That no room can link one that stands below it in its list,
`add_room` in CMakeLists.txt sees to. A header that needs no linking could be included all the same: not after this.

usage: rooms_are_in_order.py SOURCE_DIRECTORY BUILD_DIRECTORY
"""

import pathlib
import re
import subprocess
import sys
import tempfile

INCLUDE = re.compile(r'^#include "((?:policy|integration|plugin)/.*)/[^/]+"', re.MULTILINE)
NODE = re.compile(r'^ *"(node\d+)" \[ label = "([^"\\]+)')
ARROW = re.compile(r'^ *"(node\d+)" -> "(node\d+)"')


def links(build):
    """The libraries that each library links, directly or not."""
    with tempfile.TemporaryDirectory() as folder:
        graph = pathlib.Path(folder) / "graph"
        subprocess.run(["cmake", f"--graphviz={graph}", "."], cwd=build, check=True, capture_output=True)
        lines = graph.read_text(encoding="utf-8").splitlines()
    names = dict(match.groups() for match in map(NODE.match, lines) if match)
    direct = {}
    for match in filter(None, map(ARROW.match, lines)):
        direct.setdefault(names[match[1]], set()).add(names[match[2]])

    def reached(name, seen):
        for other in direct.get(name, ()):
            if other not in seen:
                seen.add(other)
                reached(other, seen)
        return seen

    return {name: reached(name, set()) for name in names.values()}


def main():
    source, build = map(pathlib.Path, sys.argv[1:3])
    linked = links(build)
    faults = []
    rooms = set()
    for path in sorted(path for layer in ("policy", "integration", "plugin") for path in (source / layer).rglob("*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        room = path.parent.relative_to(source).as_posix().replace("/", "_")
        rooms.add(room)
        if room not in linked:
            faults.append(f"{path}: {room} is no library")
            continue
        for other in INCLUDE.findall(path.read_text(encoding="utf-8")):
            other = other.replace("/", "_")
            if other != room and other not in linked[room]:
                faults.append(f"{path} includes {other}, which {room} does not link")
    for room in sorted(rooms & linked.keys()):
        faults += [f"{room} links itself by way of others"] if room in linked[room] else []
        print(f"{room}: {' '.join(sorted(linked[room] & rooms)) or '-'}")
    wrong = [name for name in sorted(linked.get("usherctl", {"no usherctl"}))
             if name in ("no usherctl", "plugin_usherd", "plugin_core", "plugin_store")
             or (name.startswith("integration_") and name != "integration_base")]
    faults += [f"usherctl links {name}" for name in wrong]
    print("\n".join(faults) or f"{len(rooms)} rooms in order")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
