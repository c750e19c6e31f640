"""What the report's figures share: shades of doses, styles of designs, a grid of small panels, files.

Doses are shades of one scale from light to dark, designs are colours that the colour-blind tell apart, each with a
hatch and a marker of its own, so that everything can be read in grey.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from doseesc.report.charts import BLACK, DESIGN_COLOURS, ink_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TARGET_BAND = "0.88"
TRUE_MTD = "★"
MANY = 6
"""Designs; where there are more, figures name each in a row of its own."""
WIDTH = 7.4
"""Inches."""

_LONGEST = 30
_LEGEND_ROW = 0.17  # inches
_SIZE, _LINE, _PER_INCH = 6.5, 0.13, 19.5  # points of a caption; inches from line to line; characters per inch
_HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++", "oo", "--")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def design_style(place: int) -> tuple[str, str, str]:
    """Return colour, hatch and marker of the design at a place, from 0."""
    each, again = place % len(DESIGN_COLOURS), place // len(DESIGN_COLOURS)
    shifted = (each + 3 * again) % len(DESIGN_COLOURS)  # a colour that comes again has another hatch and marker
    return DESIGN_COLOURS[each], _HATCHES[shifted], _MARKERS[shifted]


def ink_on(shade: Any) -> str:
    """Return black or white, whichever stands out more from a shade.

    Examples
    --------
    >>> ink_on("#737373"), ink_on("#bdbdbd")
    ('white', 'black')
    """
    from matplotlib.colors import to_hex

    return "black" if ink_for(to_hex(shade)) == BLACK else "white"


def new_figure(width: float, height: float, **options: Any) -> Figure:
    """Return an empty figure of so many inches, not shown and not known to pyplot; ``figure.savefig`` writes it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white", **{"dpi": 110, **options})
    FigureCanvasAgg(figure)
    return figure


def large_figure(width: float, height: float) -> Figure:
    """Return such a figure for a file of its own, its parts laid out by matplotlib."""
    return new_figure(width, height, dpi=150, layout="constrained")


def panels(
    count: int,
    *,
    columns: int,
    height: float,
    foot: float = 0.5,
    left: float = 0.62,
    between: float = 0.62,
    share_y: bool = True,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``count`` panels, row by row.

    There is room for labels at the ``left`` and a legend at the ``foot`` (inches), and ``between`` rows (of a panel's
    height).
    """
    rows = -(-count // columns)
    columns = min(columns, count)
    whole = rows * height + foot
    width = WIDTH if columns > 1 else 0.7 * WIDTH
    figure = new_figure(width, whole)
    grid = figure.add_gridspec(
        rows,
        columns,
        left=left / width,
        right=1 - 0.1 / width,
        top=1 - 0.28 / whole,
        bottom=(foot + 0.3) / whole,
        hspace=between,
        wspace=0.12 if share_y else 0.3,
    )
    made: list[Axes] = []
    for place in range(count):
        axes = figure.add_subplot(grid[divmod(place, columns)], sharey=made[0] if share_y and made else None)
        plain(axes)
        if share_y and place % columns:
            axes.tick_params(labelleft=False)
        made.append(axes)
    return figure, made


def plain(axes: Axes) -> None:
    """Take away what is not data, and write small."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=7.5, length=2.5)
    axes.set_axisbelow(True)


def title(axes: Axes, name: str, description: str = "") -> None:
    """Write a panel's title at its left: the name, and what it means as far as there is room."""
    words = f"{name}: {description}" if description else name
    axes.set_title(
        words if len(words) <= _LONGEST else words[: _LONGEST - 1].rstrip() + "…",
        fontsize=8,
        loc="left",
        fontweight="bold",
    )


def legend_below(figure: Figure, handles: Sequence[Any], columns: int) -> None:
    """Put a legend at the foot of a figure, which grows where the legend needs several rows."""
    columns = _columns_that_fit([str(each.get_label()) for each in handles], columns, figure.get_figwidth())
    extra = _LEGEND_ROW * (-(-len(handles) // columns) - 1)
    if extra > 0:
        _grow(figure, extra)
    # Where matplotlib lays the parts out, it must be told to leave the legend room.
    laid_out = figure.get_layout_engine() is not None
    figure.legend(
        handles=list(handles),
        loc="outside lower center" if laid_out else "lower center",
        ncols=columns,
        fontsize=7.5,
        frameon=False,
        handlelength=1.8,
        columnspacing=1.4,
    )


def add_caption(figure: Figure, caption: str) -> None:
    """Write words, such as assumptions, below everything in a figure, which grows to hold them; nothing where empty."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if not caption:
        return
    lines = textwrap.wrap(caption, int(_PER_INCH * (figure.get_figwidth() - 0.2)))
    extra = _LINE * len(lines) + 0.12
    before, engine = figure.get_figheight(), figure.get_layout_engine()
    after = before + extra
    if isinstance(engine, ConstrainedLayoutEngine):
        figure.set_figheight(after)
        engine.set(rect=(0, extra / after, 1, before / after))
    else:
        _grow(figure, extra)
        for legend in figure.legends:
            legend.set_bbox_to_anchor((0, extra / after, 1, before / after), transform=figure.transFigure)
    figure.text(
        0.1 / figure.get_figwidth(), 0.06 / after, "\n".join(lines), fontsize=_SIZE, color="0.3", va="bottom", ha="left"
    )


def _grow(figure: Figure, extra: float) -> None:
    """Make a figure so many inches higher at its foot."""
    before = figure.get_figheight()
    after = before + extra
    places = [axes.get_position(original=True) for axes in figure.axes]
    figure.set_figheight(after)
    for axes, place in zip(figure.axes, places, strict=True):
        bottom, height = (place.y0 * before + extra) / after, place.height * before / after
        axes.set_position((place.x0, bottom, place.width, height))
    for text in figure.texts:
        text.set_y((text.get_position()[1] * before + extra) / after)


def _columns_that_fit(labels: list[str], most: int, width: float) -> int:
    inches = [0.5 + 0.062 * len(label) for label in labels]
    for columns in range(min(most, len(labels)), 1, -1):
        # As matplotlib fills them: the first columns hold one more.
        rows, larger = divmod(len(labels), columns)
        ends = [rows * (place + 1) + min(place + 1, larger) for place in range(columns)]
        if sum(max(inches[first:last]) for first, last in zip([0, *ends], ends, strict=False)) <= width:
            return columns
    return 1


def figure_bytes(figure: Figure, kind: str) -> bytes:
    """Return a figure as ``"svg"``, ``"png"`` or ``"pdf"``, the same bytes each time."""
    from matplotlib import rc_context

    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "doseesc", "svg.fonttype": "none"}):  # words stay words
        figure.savefig(buffer, format=kind, metadata=undated)
    return buffer.getvalue()
