"""Prometheus text to {name: [(labels, value)]}."""
import re

LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \S+)?$")
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    def __init__(self, text):
        self.samples = {}
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            match = LINE.match(line)
            assert match, f"not a sample: {line!r}"
            name, labels, value = match.groups()
            self.samples.setdefault(name, []).append(
                (dict(LABEL.findall(labels or "")), float(value)))

    def value(self, name, **labels):
        """The sum of the samples of `name` that carry all of `labels`; 0 when there is none."""
        return sum(value for have, value in self.samples.get(name, [])
                   if labels.items() <= have.items())
