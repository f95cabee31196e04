"""Tables in Markdown and a small plot in SVG."""

import statistics
from html import escape

REACTORS_MOST = 1.15
QUANTILES = ["p50", "p90", "p99", "p99.9", "p99.99", "max"]


def table(head, lines):
    rows = [head, ["---"] + ["---:"] * (len(head) - 1), *lines]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def _quartiles(values):
    if len(values) < 2:
        return f"{values[0]:.2f}"
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{low:.2f} to {high:.2f}"


def _target(row, median):
    if row.target is None:
        return "–"
    return f"≤ {row.target:.2f}: {'met' if median <= row.target else 'missed'}"


def ratio_table(series):
    lines = []
    for s in series:
        ratios = s.ratios()
        median = statistics.median(ratios)
        lines.append([s.row.title, s.server, f"{statistics.median(e.cpu_us for e in s.echoes):.2f}",
                      f"{statistics.median(x.cpu_us for x in s.samples):.2f}", f"**{median:.2f}**",
                      _quartiles(ratios), f"{min(ratios):.2f} to {max(ratios):.2f}",
                      _target(s.row, median) if s.server == "flotilla" else "–"])
    return table(["row", "server", "echo, µs", "server, µs", "ratio, median", "quartiles", "range", "target"], lines)


def _of(series, row, server):
    return next((s for s in series if s.row is row and s.server == server), None)


def comparison_table(series, rivals):
    """What flotilla spends beside each rival in the same rounds, and with two reactors beside one."""
    two = "flotilla, 2 reactors"
    names = [*rivals, *([two] if any(s.server == two for s in series) else [])]
    lines = []
    for own in [s for s in series if s.server == "flotilla"]:
        cells = []
        for name in names:
            other = _of(series, own.row, name)
            if other is None:
                cells.append("–")
                continue
            ratio = statistics.median(other.ratios_to(own) if name == two else own.ratios_to(other))
            cells.append(f"{ratio:.2f}: {'met' if ratio <= (REACTORS_MOST if name == two else 1) else 'missed'}")
        lines.append([own.row.title, *cells])
    head = ["row", *(f"flotilla / {name}, ≤ 1" for name in rivals)]
    head += [f"two reactors, nothing pinned / one, ≤ {REACTORS_MOST}"] if two in names else []
    return table(head, lines)


def latency_table(series):
    lines = []
    for s in series:
        medians = [statistics.median(x.latency_us[q] for x in s.samples) for q in QUANTILES]
        rate = statistics.median(x.operations / x.wall_s for x in s.samples)
        lines.append([s.row.title, s.server, f"{rate:,.0f}", *(f"{m:,.0f}" for m in medians)])
    return table(["row", "server", "requests/s", *(f"{q}, µs" for q in QUANTILES)], lines)


def tail_table(tail):
    def line(title, samples):
        return [title, *(f"{statistics.median(x.latency_us[q] for x in samples):,.0f}" for q in QUANTILES)]
    return table([f"get, {tail.rate:,} a second", *(f"{q}, µs" for q in QUANTILES)],
                  [line("alone", tail.alone), line("beside a full query", tail.beside_query)])


def memory_table(memories):
    return table(["server", "records", "before, MiB", "after, MiB", "beyond the payload, bytes a record", "target"],
                  [[m.server, f"{m.records:,}", f"{m.before / 2**20:.1f}", f"{m.after / 2**20:.1f}",
                    f"**{m.per_record():.1f}**", "≤ 72" if m.server == "flotilla" else "–"] for m in memories])


def idle_table(idles):
    return table(["server", "resident, MiB", "CPU of one core", "target"],
                  [[i.server, f"{i.resident / 2**20:.1f}", f"{i.cpu_share:.2%}",
                    "< 60 MB, < 0.2 %" if i.server == "flotilla" else "–"] for i in idles])


def plot(series):
    """A bar for each row and server, with a tick where the target stands."""
    left, width, height, top = 380, 300, 18, 26
    bars = [(s, statistics.median(s.ratios())) for s in series]
    longest = max([m for _, m in bars] + [s.row.target or 0 for s in series]) * 1.05
    colours = {"flotilla": "#2f6f9f", "flotilla, 2 reactors": "#8fb8d6", "redis": "#b5544d", "memcached": "#6f8f5f"}
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}" height="{top + height * len(bars) + 8}"'
           ' font-family="sans-serif" font-size="11">',
           '<text x="4" y="14">Server CPU per request as a ratio to a bare epoll echo server; the tick is the target'
           '</text>']
    for i, (s, median) in enumerate(bars):
        y = top + i * height
        length = width * median / longest
        out.append(f'<text x="{left - 6}" y="{y + 12}" text-anchor="end">{escape(s.row.title)}: {escape(s.server)}</text>')
        out.append(f'<rect x="{left}" y="{y + 2}" width="{length:.1f}" height="{height - 5}" '
                   f'fill="{colours.get(s.server, "#888")}"/>')
        out.append(f'<text x="{left + length + 6:.1f}" y="{y + 12}">{median:.2f}</text>')
        if s.row.target is not None and s.server == "flotilla":
            x = left + width * s.row.target / longest
            out.append(f'<path d="M{x:.1f} {y} v{height - 1}" stroke="#000" stroke-width="1.5"/>')
    return "\n".join(out + ["</svg>", ""])
