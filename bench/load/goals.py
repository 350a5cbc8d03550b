"""What is wanted of a figure, and whether it is so; and what a plot shows of figures."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    what: str
    value: float        # None: it could not be told.
    at_most: float
    unit: str

    def met(self):
        return None if self.value is None else self.value <= self.at_most

    def facts(self):
        return {"goal": self.what, "measured": self.value, "at_most": self.at_most,
                "unit": self.unit, "met": self.met()}

    def line(self):
        value = "-" if self.value is None else f"{self.value:.2f} {self.unit}"
        word = {None: "not told", True: "met", False: "not met"}[self.met()]
        return f"{self.what:<52}{value:>14}{f'<= {self.at_most:g} {self.unit}':>18}   {word}"


def lines(goals):
    met = sum(goal.met() is True for goal in goals)
    return [f"{'Goals':<52}{'measured':>14}{'goal':>18}", *(goal.line() for goal in goals),
            f"{met} of {len(goals)} met"]


def bars_of(title, figures, key, ratios, label="{}"):
    """A chart of {peer: {size: {key: value}}}: a group a size, a bar a peer, called by `label`."""
    sizes = sorted({size for rows in figures.values() for size in rows}, key=int)
    groups = []
    for size in sizes:
        bars = []
        for peer, rows in figures.items():
            if size in rows:
                ratio = ratios.get(peer, {}).get(size)
                note = "" if ratio is None else f"ours {ratio:.2f} x"
                bars.append({"name": label.format(peer), "value": rows[size][key], "note": note})
        groups.append({"label": f"{size} KiB", "bars": bars})
    return {"title": title, "groups": groups}
