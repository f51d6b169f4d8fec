#!/usr/bin/python3
"""Checks that the tests name the rules of integration/PROTOCOL.md.

Each rule for the server that has a MUST has to be named in tests/dialogue, each rule for the entity in
tests/integration or tests/plugin: `S12` in a case's name or in the comment above it. Nor may a test name a rule
that there is not. Whether the case shows what the rule says is for its reader to judge.

usage: rules_are_covered.py SOURCE_DIRECTORY
"""

import pathlib
import re
import sys

# Rules that no test can show, and why. A rule that is named after all has no place here.
CANNOT_BE_SHOWN = {
    "E31": "our entity does not read the texts: SubscriptionRequest (policy/request.h) has no place for them",
}

RULE = re.compile(r"(?<![A-Za-z0-9])[SE][1-9][0-9]*(?![A-Za-z0-9])")


def rules(protocol):
    """The rules' texts by their numbers."""
    found = {}
    for part in re.split(r"^- (?=\*\*[SE]\d+\*\*)", protocol, flags=re.MULTILINE)[1:]:
        text = re.split(r"^#", part, maxsplit=1, flags=re.MULTILINE)[0]
        found[re.match(r"\*\*(\w+)\*\*", text)[1]] = text
    return found


def named_in(*directories):
    named = {}
    for directory in directories:
        for path in sorted(directory.rglob("*.cpp")):
            for rule in RULE.findall(path.read_text(encoding="utf-8")):
                named.setdefault(rule, path)
    return named


def main():
    source = pathlib.Path(sys.argv[1])
    all_rules = rules((source / "integration/PROTOCOL.md").read_text(encoding="utf-8"))
    tests = source / "tests"
    by_party = {"S": named_in(tests / "dialogue"), "E": named_in(tests / "integration", tests / "plugin")}

    faults = []
    for rule, text in all_rules.items():
        named = rule in by_party[rule[0]]
        if rule in CANNOT_BE_SHOWN:
            if named:
                faults.append(f"{rule} is shown by {by_party[rule[0]][rule]}: it is no exception any more")
        elif not named and (rule[0] == "E" or "MUST" in text):
            faults.append(f"{rule} is shown by no test: {' '.join(text.split())[:100]}")
    for named in by_party.values():
        faults += [f"{path} names {rule}, which there is not" for rule, path in named.items() if rule not in all_rules]
    faults += [f"{rule} is an exception, but no rule" for rule in CANNOT_BE_SHOWN if rule not in all_rules]
    if not all_rules:
        faults.append("PROTOCOL.md has no rules: have they another form now?")
    print("\n".join(faults) or f"{len(all_rules)} rules, all shown")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
