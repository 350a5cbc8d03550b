"""Samples to medians, ratios and a table."""
from statistics import median

from .pages import GOAL_SIZES

# Countermark's CPU per request as a multiple of the peer's, at 1 / 16 / 128 KiB
GOALS = {"nginx": (0.85, 0.95, 0.95), "haproxy": (0.85, 0.7, 1.3), "lua": (0.7, 0.7, 0.5),
         "modsecurity": (0.12, 0.15, 0.33), "floor": (1.25, 1.15, 1.25)}


def summary(samples):
    """{peer: {size: figures}} from {(peer, size): [one dict a round]}."""
    result = {}
    for (peer, size), rounds in samples.items():
        cpu = sorted(sample["cpu_us"] for sample in rounds)
        result.setdefault(peer, {})[str(size)] = {
            "cpu_us": round(median(cpu), 2), "cpu_us_min": round(cpu[0], 2),
            "cpu_us_max": round(cpu[-1], 2), "rounds": len(cpu),
            "busy": round(median(sample["busy"] for sample in rounds), 2),
            "per_second": round(median(sample["per_second"] for sample in rounds)),
            "p50_us": round(median(sample["p50_us"] for sample in rounds)),
            "p99_us": round(median(sample["p99_us"] for sample in rounds))}
        if "p999_us" in rounds[0]:
            result[peer][str(size)]["p999_us"] = round(
                median(sample["p999_us"] for sample in rounds))
    return result


def ratios(figures):
    """Countermark's figure divided by each peer's; {} when it was not measured."""
    ours = figures.get("countermark", {})
    return {peer: {size: round(ours[size]["cpu_us"] / row["cpu_us"], 3)
                   for size, row in rows.items() if size in ours}
            for peer, rows in figures.items() if ours and peer != "countermark"}


def goal(peer, size):
    if peer not in GOALS or int(size) not in GOAL_SIZES:
        return None
    return GOALS[peer][GOAL_SIZES.index(int(size))]


def line(label, cells):
    return f"{label:<14}" + "".join(f"{cell:>30}" for cell in cells)


def table(figures, with_goals=True):
    sizes = sorted({size for rows in figures.values() for size in rows}, key=int)
    text = ["CPU of the proxy per request, microseconds: median (lowest to highest)",
            line("", [f"{size} KiB" for size in sizes])]
    for peer, rows in figures.items():
        text.append(line(peer, [f"{rows[size]['cpu_us']:.2f} ({rows[size]['cpu_us_min']:.2f} to "
                                f"{rows[size]['cpu_us_max']:.2f})" for size in sizes]))
    text += ["", "Requests a second / latency p50 / p99 in microseconds / share of its core"]
    for peer, rows in figures.items():
        text.append(line(peer, [f"{rows[size]['per_second']} / {rows[size]['p50_us']} / "
                                f"{rows[size]['p99_us']} / {rows[size]['busy']:.2f}"
                                for size in sizes]))
    return "\n".join(text + ratio_lines(figures, sizes, with_goals))


def ratio_lines(figures, sizes, with_goals):
    rows = ratios(figures)
    if not rows:
        return ["", "Countermark was not measured: no ratios."]
    text = ["", "Countermark's CPU as a multiple of the peer's" + (" (goal)" if with_goals else "")]
    for peer, values in rows.items():
        text.append(line(peer, [ratio_cell(values[size], goal(peer, size) if with_goals else None)
                                for size in sizes]))
    return text


def ratio_cell(value, wanted):
    if wanted is None:
        return f"{value:.2f}"
    return f"{value:.2f} ({'<=' if value <= wanted else 'above'} {wanted})"
