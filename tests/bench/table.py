#!/usr/bin/python3
"""Makes one table in Markdown, and one file, of the lines that the benchmarks printed.

table.py RESULTS.json HEADING=VALUE... <LINES
"""
import json
import sys

# What the store logs stands in between.
rows = [json.loads(line) for line in sys.stdin if line.startswith("{")]
about = dict(heading.split("=", 1) for heading in sys.argv[2:])
with open(sys.argv[1], "w", encoding="utf-8") as out:
    json.dump({"about": about, "rows": rows}, out, ensure_ascii=False, indent=1)
    out.write("\n")

for heading, value in about.items():
    print(f"- {heading}: {value}")
print("\n| benchmark | what | figure | ratio | target | reached |\n|---|---|---|---|---|---|")
for row in rows:
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
    reached = {True: "yes", False: "**no**", None: ""}[row["reached"]]
    figure = row["figure"] + (f" ({row['note']})" if row["note"] else "")
    print("| " + " | ".join([row["benchmark"], row["what"], figure, ratio, row["target"], reached]) + " |")
