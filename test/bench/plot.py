#!/usr/bin/env python3
"""Draw a record of the benchmark as one picture, with nothing but text.

    make bench-plot [RECORD=build/bench/latest.json]        writes test/bench/speed.svg

and print the same as a table, for the README.

A line per method, from fastest to slowest; a mark per table: how many times the
time of CREATE TABLE AS.  The axis is logarithmic.  Runs in the driver's Python.
"""
import argparse
import json
import math
import os
import sys
from xml.sax.saxutils import escape

import rounds

NAMES = {
    "create_table_as": "SQL: CREATE TABLE … AS", "insert_select": "SQL: INSERT … SELECT",
    "job": "transform, new table", "job_append": "transform, existing table",
    "adbc": "ADBC", "adbc_arrow_dtypes": "ADBC, Arrow dtypes", "adbc_stream": "ADBC, streamed",
    "connectorx_adbc": "ConnectorX + ADBC", "copy_csv_pyarrow": "psycopg COPY, pyarrow's csv",
    "copy_csv_pandas": "psycopg COPY, pandas' csv", "plpython_unnest": "plpython3u, unnest",
    "plpython_unnest_text": "plpython3u, unnest, dates as text", "plpython_setof": "plpython3u, SETOF",
    "plpython_row_by_row": "plpython3u, row by row", "read_sql_to_sql": "pandas read_sql, to_sql",
    "read_sql_to_sql_multi": "… to_sql(method='multi')",
}
MARKS = {"sales": ("#1f5fbf", "circle"), "lineitem": ("#c2571a", "square"), "flights": ("#2e8540", "diamond")}
LEFT, RIGHT, TOP, LINE, WIDTH = 240, 70, 84, 23, 860


class Plot:
    def __init__(self, record):
        self.record = record
        self.tables = [t for t in MARKS if t in record["tables"]]
        first = record["tables"][self.tables[0]]["methods"]
        self.methods = sorted(first, key=lambda m: rounds.median(first, m, "ratio_to_sql") or math.inf)
        most = max(self.ratio(t, m) or 1 for t in self.tables for m in self.methods)
        self.low, self.high = math.log10(0.5), math.log10(most * 1.3)
        self.height = TOP + LINE * len(self.methods) + 46
        self.out = []

    def ratio(self, table, method):
        return rounds.median(self.record["tables"][table]["methods"], method, "ratio_to_sql")

    def x(self, ratio):
        return LEFT + (math.log10(ratio) - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)

    def text(self, x, y, text, size=12, anchor="start", colour="#222", weight="normal"):
        self.out.append('<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s" fill="%s" font-weight="%s">%s</text>' % (
            x, y, size, anchor, colour, weight, escape(text)))

    def line(self, x1, y1, x2, y2, colour):
        self.out.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>' % (x1, y1, x2, y2, colour))

    def mark(self, table, x, y):
        colour, shape = MARKS[table]
        if shape == "circle":
            self.out.append('<circle cx="%.1f" cy="%.1f" r="5" fill="%s"/>' % (x, y, colour))
            return
        turn = ' transform="rotate(45 %.1f %.1f)"' % (x, y) if shape == "diamond" else ""
        self.out.append('<rect x="%.1f" y="%.1f" width="8" height="8" fill="%s"%s/>' % (x - 4, y - 4, colour, turn))

    def head(self):
        self.text(16, 26, "A pandas script on a table: read, add a column, write, commit", 16, weight="bold")
        versions = self.record["versions"]
        self.text(16, 46, "times the time of CREATE TABLE … AS SELECT, medians; %d cores, PostgreSQL %s on tmpfs, pandas %s, %s" % (
            self.record["machine"]["cores"], versions["postgresql"].split()[0], versions["pandas"],
            self.record["date"][:10]), colour="#555")
        x = LEFT
        for table in self.tables:
            columns = self.record["tables"][table]
            self.mark(table, x, TOP - 18)
            label = "%s, %s rows" % (table, format(columns["rows"], ","))
            self.text(x + 10, TOP - 14, label)
            x += 30 + 7 * len(label)

    def axis(self):
        bottom = TOP + LINE * len(self.methods)
        for tick in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
            if self.low <= math.log10(tick) <= self.high:
                self.line(self.x(tick), TOP, self.x(tick), bottom, "#888" if tick == 1 else "#ddd")
                self.text(self.x(tick), bottom + 16, "%g×" % tick, anchor="middle", colour="#555")
        self.text(WIDTH - 16, bottom + 36, "logarithmic; slow methods on a part of the rows, scaled; no mark: not measured on that table", 11, "end", "#555")

    def body(self):
        for n, method in enumerate(self.methods):
            y = TOP + LINE * n + LINE / 2
            ours = method.startswith("job")
            if ours:
                self.out.append('<rect x="8" y="%.1f" width="%d" height="%d" fill="#eef4ff"/>' % (
                    y - LINE / 2, WIDTH - 16, LINE))
            self.text(LEFT - 12, y + 4, NAMES.get(method, method), 12, "end", weight="bold" if ours else "normal")
            marks = [(self.ratio(t, method), t) for t in self.tables]
            for ratio, table in reversed(marks):
                if ratio:
                    self.mark(table, self.x(ratio), y)
            if not marks[0][0]:
                self.text(LEFT + 10, y + 4, "not measured", colour="#888")
                continue
            self.text(max(self.x(r) for r, _ in marks if r) + 10, y + 4,
                      ("%.2f×" if marks[0][0] < 10 else "%.0f×") % marks[0][0],
                      weight="bold" if ours else "normal", colour=MARKS[self.tables[0]][0])

    def draw(self):
        self.head()
        ours = len(self.out)
        self.body()
        marks, self.out = self.out[ours:], self.out[:ours]
        background = [m for m in marks if 'fill="#eef4ff"' in m]
        self.out += background
        self.axis()
        self.out += [m for m in marks if m not in background]
        return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
                'font-family="Helvetica, Arial, sans-serif">\n<rect width="100%%" height="100%%" fill="#fff"/>\n%s\n</svg>\n' % (
                    WIDTH, self.height, WIDTH, self.height, "\n".join(self.out)))


    def table(self):
        """Ratios, in Markdown."""
        yield "| times `CREATE TABLE … AS` | %s |" % " | ".join(
            "%s, %s rows" % (t, format(self.record["tables"][t]["rows"], ",")) for t in self.tables)
        yield "|---%s|" % ("|---" * len(self.tables))
        for method in self.methods:
            ratios = [self.ratio(t, method) for t in self.tables]
            yield "| %s | %s |" % (NAMES.get(method, method), " | ".join("%.2f" % r if r else "" for r in ratios))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("record", nargs="?", default=os.path.join(os.environ["BUILD"], "bench/latest.json"))
    parser.add_argument("--to", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "speed.svg"))
    options = parser.parse_args()
    with open(options.record) as f:
        record = json.load(f)
    if not record["tables"]:
        raise SystemExit("%s holds no comparison: make bench PARTS=\"sales lineitem flights\"" % options.record)
    plot = Plot(record)
    with open(options.to, "w") as f:
        f.write(plot.draw())
    print(*plot.table(), "written: %s" % options.to, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
