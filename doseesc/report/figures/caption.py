"""Words below a figure, such as the assumptions it rests on: the figure grows to hold them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = 6.5  # points
_LINE = 0.13  # inches
_PER_INCH = 19.5  # characters


def add_caption(figure: Figure, caption: str) -> None:
    """Write a caption below everything in the figure; nothing where the caption is empty."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if not caption:
        return
    lines = textwrap.wrap(caption, int(_PER_INCH * (figure.get_figwidth() - 0.2)))
    before = figure.get_figheight()
    extra = _LINE * len(lines) + 0.12
    after = before + extra
    engine = figure.get_layout_engine()
    places = [axes.get_position(original=True) for axes in figure.axes]
    figure.set_figheight(after)
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, extra / after, 1, before / after))
    else:
        for axes, place in zip(figure.axes, places, strict=True):
            bottom, height = (place.y0 * before + extra) / after, place.height * before / after
            axes.set_position((place.x0, bottom, place.width, height))
        for text in figure.texts:
            text.set_y((text.get_position()[1] * before + extra) / after)
        for legend in figure.legends:
            legend.set_bbox_to_anchor((0, extra / after, 1, before / after), transform=figure.transFigure)
    figure.text(
        0.1 / figure.get_figwidth(), 0.06 / after, "\n".join(lines), fontsize=_SIZE, color="0.3", va="bottom", ha="left"
    )
