"""Measured figures against their bars: the lines `name: value unit (bar ...) ok|short`
that the long runs print, and the exit code that follows from them."""
import sys


class Figures:
    def __init__(self, repeat):
        self.repeat = repeat
        self.short = []
        self.all = []           # (name, value, unit, bar or None, ok or None), for a record

    def at_most(self, name, value, unit, bar):
        self._line(name, value, unit, "bar at most %s" % _plain(bar), value is not None and value <= bar)

    def at_least(self, name, value, unit, bar):
        self._line(name, value, unit, "bar at least %s" % _plain(bar), value is not None and value >= bar)

    def exactly(self, name, value, unit, bar):
        self._line(name, value, unit, "bar %s" % _plain(bar), value == bar)

    def note(self, name, value, unit=""):
        self.all.append((name, value, unit, None, None))
        print(("%s: %s %s" % (name, _plain(value), unit)).rstrip(), flush=True)

    def _line(self, name, value, unit, bar, ok):
        if not ok:
            self.short.append(name)
        self.all.append((name, value, unit, bar, ok))
        print("%s: %s %s (%s) %s" % (name, _plain(value), unit, bar,
                                     "ok" if ok else "short"), flush=True)

    def finish(self):
        """Say how to repeat it; the exit code."""
        print("repeat with: %s" % self.repeat, flush=True)
        if self.short:
            print("short: %s" % ", ".join(self.short), file=sys.stderr, flush=True)
        return 1 if self.short else 0


def _plain(value):
    if value is None:
        return "not measured"
    if isinstance(value, float):
        return "%.4g" % value if abs(value) < 1000 else "%.0f" % value
    return str(value)
