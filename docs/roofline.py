"""The picture `roofline.svg`: each kernel by its operations for a byte, under the roofs measured in the same run.

Takes the JSON lines of `cargo bench --bench kernels -- --json`. Plain SVG, no dependency.
"""

import math

WIDTH, HEIGHT = 920, 560
LEFT, RIGHT, TOP, BOTTOM = 70, 230, 64, 62
MARKS = {
    "conv_forward": ("#1f6feb", "convolution"),
    "conv_input_gradient": ("#0aa5a5", "convolution, input gradient"),
    "conv_weight_gradient": ("#8250df", "convolution, weight gradient"),
    "linear_forward": ("#d97706", "linear"),
    "linear_input_gradient": ("#e5b000", "linear, input gradient"),
    "linear_weight_gradient": ("#cf222e", "linear, weight gradient"),
    "batch_norm": ("#57606a", "batch norm"),
    "sgd": ("#2da44e", "SGD update"),
}


def ticks(low, high):
    """The decades in a range, with 2 and 5 between them."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [m * 10.0**d for d in decades for m in (1, 2, 5) if low <= m * 10.0**d <= high]


class Axes:
    """Logarithmic axes: x in FLOP a byte, y in GFLOP a second."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def at(self, x, y):
        def share(value, limits):
            return math.log(value / limits[0]) / math.log(limits[1] / limits[0])

        right = LEFT + share(x, self.x) * (WIDTH - LEFT - RIGHT)
        return right, HEIGHT - BOTTOM - share(y, self.y) * (HEIGHT - TOP - BOTTOM)


def text(x, y, words, **style):
    style = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{words}</text>'


def line(a, b, **style):
    style = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}"{style}/>'


def grid(axes):
    for x in ticks(*axes.x):
        low, high = axes.at(x, axes.y[0]), axes.at(x, axes.y[1])
        yield line(low, high, stroke="#eaeef2")
        yield text(low[0], low[1] + 18, f"{x:g}", text_anchor="middle", fill="#57606a")
    for y in ticks(*axes.y):
        left, right = axes.at(axes.x[0], y), axes.at(axes.x[1], y)
        yield line(left, right, stroke="#eaeef2")
        yield text(left[0] - 8, left[1] + 4, f"{y:g}", text_anchor="end", fill="#57606a")
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield text(middle, HEIGHT - 18, "operations for each byte read or written", text_anchor="middle")
    turned = (TOP + HEIGHT - BOTTOM) / 2
    yield text(0, 0, "GFLOP/s", text_anchor="middle", transform=f"translate(20 {turned:.1f}) rotate(-90)")


def roofs(axes, peak, memories):
    for name, rate in memories:
        ends = [max(axes.x[0], axes.y[0] / rate), peak / rate]
        a, b = (axes.at(x, rate * x) for x in ends)
        yield line(a, b, stroke="#24292f", stroke_width=1.6)
        angle = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
        at = axes.at(ends[0] * 1.12, rate * ends[0] * 1.12)
        place = f"translate({at[0]:.1f} {at[1]:.1f}) rotate({angle:.1f})"
        yield text(0, -6, f"{name}: {rate:.0f} GB/s", transform=place, fill="#24292f")
    a, b = axes.at(peak / memories[0][1], peak), axes.at(axes.x[1], peak)
    yield line(a, b, stroke="#24292f", stroke_width=1.6)
    yield text(b[0], b[1] - 8, f"multiply-add peak: {peak:.0f} GFLOP/s", text_anchor="end", fill="#24292f")


def mark(axes, kernel):
    """A disc for a group of 16 samples, a ring for a single one; the title shows where the mouse is."""
    name = kernel["kernel"]
    color = next(color for start, (color, _) in reversed(MARKS.items()) if name.startswith(start))
    x, y = axes.at(kernel["flop"] / kernel["bytes"], kernel["gflop_per_s"])
    single = kernel["element"] == "single"
    paint = f'fill="{color}" stroke="#ffffff"' if not single else f'fill="#ffffff" stroke="{color}" stroke-width="2"'
    about = f'{name}, {kernel["layer"]}: {kernel["gflop_per_s"]:.0f} GFLOP/s, {kernel["fma_fraction"]:.0%} of the peak'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" {paint}><title>{about}</title></circle>'


def legend():
    x, y = WIDTH - RIGHT + 22, TOP + 14
    for color, words in MARKS.values():
        yield f'<circle cx="{x}" cy="{y}" r="5" fill="{color}"/>'
        yield text(x + 12, y + 4, words)
        y += 22
    y += 22
    for paint, words in [
        ('fill="#57606a"', "16 samples side by side"),
        ('fill="#ffffff" stroke="#57606a" stroke-width="2"', "a single sample"),
    ]:
        yield f'<circle cx="{x}" cy="{y}" r="5" {paint}/>'
        yield text(x + 12, y + 4, words)
        y += 22


def picture(lines, simd):
    """The SVG of the lines of one instruction set."""
    lines = [entry for entry in lines if entry["simd"] == simd]
    peak = next(entry["gflop_per_s"] for entry in lines if entry.get("roof") == "fma_peak")
    memories = [(entry["roof"], entry["gb_per_s"]) for entry in lines if "kib" in entry]
    memories.sort(key=lambda memory: -memory[1])
    kernels = [entry for entry in lines if entry.get("flop")]
    intensities = [entry["flop"] / entry["bytes"] for entry in kernels]
    lowest = min(entry["gflop_per_s"] for entry in kernels)
    axes = Axes((min(intensities) / 2, max(intensities) * 1.6), (min(2.0, lowest / 1.3), peak * 1.8))
    body = [
        text(LEFT, 28, f"Kernels of nnet on one core ({simd})", font_size=18, font_weight=600),
        text(LEFT, 48, "each beneath the roof of the memory that its data are in", fill="#57606a"),
        *grid(axes),
        *roofs(axes, peak, memories),
        *(mark(axes, kernel) for kernel in kernels),
        *legend(),
    ]
    style = 'font-family="system-ui, Helvetica, Arial, sans-serif" font-size="12" fill="#24292f"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {style}>'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>', *body, "</svg>\n"])
