"""The colours of designs as variables of the page's style sheet."""

from __future__ import annotations

from doseesc.report.charts import DARK_DESIGN_COLOURS, DESIGN_COLOURS


def colour_variables() -> dict[str, str]:
    """Return the variables ``--d0``, ``--d1``, ... by daylight and in the dark, and the classes that use them."""
    light, dark = (
        ";".join(f"--d{place}:{colour}" for place, colour in enumerate(colours))
        for colours in (DESIGN_COLOURS, DARK_DESIGN_COLOURS)
    )
    classes = "".join(
        f".c{place}{{--c:var(--d{place})}}.chart .t{place}{{fill:var(--d{place})}}"
        f".toggles .t{place}{{color:var(--d{place})}}"
        for place in range(len(DESIGN_COLOURS))
    )
    return {"light": light, "dark": dark, "classes": classes}
