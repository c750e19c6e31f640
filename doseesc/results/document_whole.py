"""All of ``results.json``: what a run found, with its provenance, as plain values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from doseesc.results.arms import phase2_rows, summarise_phase2
from doseesc.results.digest import DIGEST, digest
from doseesc.results.document import arm_analysis_part, cell_part, study_part
from doseesc.results.found import Found
from doseesc.results.plain import plain_values
from doseesc.results.policies import policies_part
from doseesc.results.times import times_part
from doseesc.results.versions import FORMAT


def whole_document(results: Found) -> dict[str, Any]:
    """Return the document that :meth:`doseesc.results.Results.to_document` promises."""
    study, agreement = results.study, results.agreement
    parts = ("figures", "within_2_se", "within_4_se")
    document = {
        "format": FORMAT,
        "provenance": results.provenance_now(),
        "run": {
            "finished": results.finished,
            "elapsed_seconds": round(results.elapsed, 3),
        },
        "study": study_part(study),
        "truths": [
            {
                "scenario": name,
                "probabilities": truth,
                "true_mtd": study.true_mtd(truth),
                "right": np.flatnonzero(study.right_levels(truth)),
                "benchmark": results.benchmark.get(name),
                "benchmark_observed": results.benchmark_observed.get(name),
            }
            for name, truth in study.truths.items()
        ],
        "cells": [
            {
                "scenario": scenario,
                "design": design,
                "efficiency": results.efficiency(scenario, design),
                **cell_part(cell),
            }
            for (scenario, design), cell in results.cells.items()
        ],
        "differences": [vars(difference) for difference in results.differences],
        "agreement": None if agreement is None else dict(zip(parts, agreement, strict=True)),
        "verdict": results.verdict.to_dict(),
        "notes": list(results.notes),
        "phase2": {
            "margin": study.true_mtd_rule.margin,
            "arms": list(phase2_rows(study, results.cells)),
            "summary": [asdict(summary) for summary in summarise_phase2(study, results.cells)],
            "analysis": arm_analysis_part(study, results.arm_analysis),
        },
        "scenario_text": study.text or None,
    }
    if results.policies is not None:
        document["policies"] = policies_part(results.policies)
    if results.attainable is not None:
        document["attainable"] = results.attainable.to_dict()
    if results.times:
        document["time"] = times_part(results.times)
    plain: dict[str, Any] = plain_values(document)
    return plain | {DIGEST: digest(plain)}
