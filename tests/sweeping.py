"""The small study that tests of sweeps vary."""

from pathlib import Path

from support import THREE_DOSES

import doseesc
from doseesc.planning.sweeps.reading import Asked, plan_of, source_of_study

STUDY = f"""\
study: {{title: T}}
{THREE_DOSES}\
designs:
  - {{name: BOIN, type: BOIN}}
  - {{name: CRM 0.5, type: CRM, skeleton: {{halfwidth: 0.05, prior_mtd: medium}}}}
scenarios:
  - {{name: middle, dlt: [0.1, 0.25, 0.45]}}
  - {{name: top, dlt: [0.02, 0.1, 0.25]}}
  - {{name: random, random: {{type: pseudo_uniform, count: 3}}}}
simulation: {{trials: 40, seed: 7, method: exact}}
"""


def study_in(folder, monkeypatch):
    """Write the study into a folder, which becomes the one worked in, and return it."""
    monkeypatch.chdir(folder)
    Path("study.yaml").write_text(STUDY)
    return doseesc.load("study.yaml")


def plan_for(study, axes, **asked):
    return plan_of(source_of_study(study), Asked(axes, **asked))
