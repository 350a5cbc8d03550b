"""Charts of bars as one SVG: readable on light and on dark, and by a screen reader."""
from html import escape

WIDTH, LEFT, RIGHT, ROW, GAP = 860, 260, 190, 18, 12
COLOURS = ("#c2410c", "#2563eb", "#15803d", "#7c3aed", "#a16207", "#0e7490")
STYLE = """text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.size { font-weight: 600 }
.paper { fill: #ffffff }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .paper { fill: #0d1117 } rect { filter: brightness(1.25) }
.paper { filter: none } }"""


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def bar(y, row, largest, colour):
    width = max((WIDTH - LEFT - RIGHT) * row["value"] / largest, 1) if largest else 1
    label = number(row["value"]) + (f" ({row['note']})" if row["note"] else "")
    return [text(LEFT - 8, y + 13, row["name"], anchor="end"),
            f'<rect x="{LEFT}" y="{y + 2}" width="{width:.1f}" height="{ROW - 4}" '
            f'fill="{colour}"/>',
            text(round(LEFT + width + 6), y + 13, label)]


def colours(chart):
    """A colour for each name, the same in all groups."""
    names = list(dict.fromkeys(row["name"] for group in chart["groups"] for row in group["bars"]))
    return {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}


def draw(chart, y):
    """The chart's elements from `y` down; and where it ends. Each group has its own scale."""
    parts, colour_of = [text(16, y + 16, chart["title"], "title")], colours(chart)
    y += 28
    for group in chart["groups"]:
        largest = max((row["value"] for row in group["bars"]), default=0)
        parts.append(text(16, y + 13, group["label"], "size"))
        for row in group["bars"]:
            parts += bar(y, row, largest, colour_of[row["name"]])
            y += ROW
        y += GAP
    return parts, y + GAP


def svg(title, charts):
    parts, y = [text(16, 26, title, "title")], 44
    for chart in charts:
        drawn, y = draw(chart, y)
        parts += drawn
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" '
        f'height="{y}" role="img">', f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>", f'<rect class="paper" width="{WIDTH}" height="{y}"/>',
        *parts, "</svg>", ""])
