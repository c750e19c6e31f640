"""What ``phase2`` does as library calls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from doseesc.commands._studies import load_code


def phase2_code(
    file: str,
    scenario: str | None,
    mtd: str | None,
    wanted: tuple[float, str] | None,
    asked: Mapping[str, bool],
    trials: int,
    seed: int | None,
    figures: Mapping[str, Path | None],
) -> str:
    """Return the calls; ``wanted`` is a power and of what, ``figures`` go by what they show."""
    lines = load_code(file)
    imports = [
        "from doseesc.planning import answer",
        "from doseesc.planning import files",
    ]
    given = [] if scenario is None else [f"scenario={scenario!r}"]
    given += [] if mtd is None else [f"mtd_level=study.level_of({mtd!r})"]
    given += [] if wanted is None else [f"size={wanted[0]}, measure={wanted[1]!r}"]
    given += [f"{name}=True" for name, on in asked.items() if on]
    given += [f"trials={trials}"] + ([] if seed is None else [f"seed={seed}"])
    lines += [
        f"answers = answer(study, {', '.join(given)})",
        "for name, text in files(answers).items():",
        "    print(name, text, sep='\\n')",
    ]
    if wanted is not None:
        lines.append("print(answers.size)")
    power, assurance, course = (figures[name] for name in ("power", "assurance", "course"))
    if any(each is not None for each in figures.values()):
        imports.append("from doseesc.study import assumed_words")
        lines.append("caption = assumed_words(answers.section)")
    if power is not None:
        imports += [
            "from doseesc.planning import power_curves",
            "from doseesc.report.figures import power_figure",
        ]
        lines += [
            f"curves = power_curves(answers.plan, trials={trials}, seed=answers.power.seed)",
            f"power_figure(curves, caption=caption).savefig({str(power)!r})",
        ]
    if assurance is not None:
        imports.append("from doseesc.report.figures import assurance_figure")
        drawn = "assurance_figure(answers.programme, study.dose_labels, caption)"
        lines.append(f"{drawn}.savefig({str(assurance)!r})")
    if course is not None:
        imports.append("from doseesc.report.figures import course_figure")
        drawn = "course_figure(answers.plan, seed=answers.power.seed, caption=caption)"
        lines.append(f"{drawn}.savefig({str(course)!r})")
    return "\n".join([lines[0], *imports, *lines[1:]]) + "\n"
