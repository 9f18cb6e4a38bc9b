"""A figure over time as a small SVG: points, the medians of the thirds, and what happened when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from tests.proof.soak.samples import Sample
from tests.proof.soak.steady import Verdict

_WIDTH, _HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 34, 34
_INK, _PALE, _POINTS, _MEDIAN, _EVENT = "#333", "#ddd", "#2b6cb0", "#c05621", "#888"


def picture(
    verdict: Verdict, samples: Sequence[Sample], length_s: float, events: Sequence[tuple[float, str]] = ()
) -> str:
    step = _step(max(one.value for one in samples) / 4)
    top = step * math.ceil(max(one.value for one in samples) / step * 1.02)

    def x(at_s: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * at_s / length_s, 1)

    def y(value: float) -> float:
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / top, 1)

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="11">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="18" font-size="13" fill="{_INK}">{escape(verdict.figure.title.replace("`", ""))} '
        f"({verdict.figure.unit})</text>",
    ]
    for n in range(round(top / step) + 1):
        at = y(n * step)
        drawn.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at}" y2="{at}" stroke="{_PALE}"/>')
        drawn.append(f'<text x="{_LEFT - 6}" y="{at + 4}" text-anchor="end" fill="{_INK}">{_number(n * step)}</text>')
    every = max(1, round(length_s / 60 / 10))
    for minute in range(0, int(length_s / 60) + 1, every):
        drawn.append(
            f'<text x="{x(minute * 60)}" y="{_HEIGHT - 16}" text-anchor="middle" fill="{_INK}">{minute}</text>'
        )
    drawn.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 3}" text-anchor="end" fill="{_INK}">minutes</text>')
    for number, (at_s, what) in enumerate(events):
        drawn.append(
            f'<line x1="{x(at_s)}" x2="{x(at_s)}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" stroke="{_EVENT}" '
            f'stroke-dasharray="3 3"/><text x="{x(at_s) + 3}" y="{_TOP + 9 + 11 * (number % 2)}" '
            f'fill="{_EVENT}">{escape(what)}</text>'
        )
    points = " ".join(f"{x(one.at_s)},{y(one.value)}" for one in samples if one.at_s <= length_s)
    drawn.append(f'<polyline points="{points}" fill="none" stroke="{_POINTS}" stroke-width="1.2"/>')
    for third, value in enumerate((verdict.first, verdict.middle, verdict.last)):
        left, right = x(length_s * third / 3), x(length_s * (third + 1) / 3)
        drawn.append(
            f'<line x1="{left}" x2="{right}" y1="{y(value)}" y2="{y(value)}" stroke="{_MEDIAN}" stroke-width="2"/>'
        )
    return "\n".join([*drawn, "</svg>", ""])


def _step(about: float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(about, 1e-6)))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= about)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:.3g}"
