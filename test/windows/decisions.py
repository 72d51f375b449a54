"""Compares what the walls language and imports decided of each file on two
systems: two files that test/policy/run.py --decisions wrote.  Prints TAP.

    decisions.py LINUX WINDOWS

Where a file is stopped must be the same; the words may differ with the version
of Python's own parser, and then are shown.
"""
import sys


def read(path):
    with open(path, encoding="utf-8") as f:
        return {line.split("\t")[0]: line.rstrip("\n").split("\t")[1:] for line in f}


def main():
    here, there = read(sys.argv[1]), read(sys.argv[2])
    bad = 0
    for name in sorted(here.keys() | there.keys()):
        a, b = here.get(name, ["no decision"]), there.get(name, ["no decision"])
        same = a[0] == b[0] != "no decision"
        bad += not same
        print("%s - decides as on Linux: %s: %s" % ("ok" if same else "not ok", name, a[0]))
        if not same:
            print("#   on Windows: %s" % " ".join(b))
        elif a[1:] != b[1:]:
            print("#   other words: %s / %s" % (" ".join(a[1:]), " ".join(b[1:])))
    return 1 if bad or not here else 0


if __name__ == "__main__":
    sys.exit(main())
