"""What observation models make of the designs, in ``results.json``."""

from __future__ import annotations

from pydantic import Field

from doseesc.engines import BY_LEVEL, METRICS, OBSERVED_METRICS
from doseesc.results.document_figures import Errors, MainFigures, spread_of
from doseesc.results.document_values import NotNegative, Part, Share

ObservedErrors = spread_of(
    "ObservedErrors",
    "Monte Carlo standard error of each figure; 0 where exact.",
    (*METRICS, *OBSERVED_METRICS),
    BY_LEVEL,
)


class DrugAlone(MainFigures):
    """A design under a scenario where every patient is evaluable and only the drug causes DLTs."""

    mcse: Errors  # type: ignore[valid-type]  # a class made from the names of the figures


class PerPatient(Part):
    """What becomes of a patient enrolled at each level."""

    observed_dlt: list[Share] = Field(description="Probability that an evaluable patient is counted as a DLT.")
    evaluable: list[Share] = Field(description="Probability of being evaluable.")
    not_caused: list[Share] = Field(description="Probability of a counted DLT that is not the drug's.")
    drug_dlt: list[Share] = Field(description="Probability of a DLT caused by the drug, in the window, while alive.")
    death: list[Share] = Field(description="Probability of death in the window.")


class AsObserved(MainFigures):
    """A design under a scenario as a policy observes it: DLTs are those counted, patients those evaluable."""

    enrolled: NotNegative = Field(description="Expected patients enrolled.")
    replaced: NotNegative = Field(description="Expected patients enrolled who are not evaluable.")
    deaths: NotNegative = Field(description="Expected deaths in the window among all enrolled.")
    drug_dlts: NotNegative = Field(description="Expected patients enrolled in whom the drug causes a DLT.")
    not_caused_share: Share | None = Field(description="Share of the DLTs counted that the drug does not cause.")
    safe_stopped: Share | None = Field(
        description="Probability that no dose is selected although there is a true MTD; null where there is none."
    )
    below_mtd: Share | None = Field(description="Probability that a dose below the true MTD is selected.")
    bias_at_mtd: float | None = Field(
        description="Expected difference of the DLT rate seen at the dose selected and the drug's own probability."
    )
    enrolled_distribution: list[Share] = Field(description="Probability of each number of patients enrolled, from 0.")
    per_patient: PerPatient
    mcse: ObservedErrors  # type: ignore[valid-type]  # as above


class DrugAloneRow(Part):
    """A design under a scenario, from the drug alone."""

    scenario: str
    design: str
    simulated: DrugAlone | None
    exact: DrugAlone | None


class PolicyRow(Part):
    """A design under a scenario, as a policy observes it."""

    policy: str
    scenario: str
    design: str
    simulated: AsObserved | None
    exact: AsObserved | None


class PoliciesPart(Part):
    """What each observation model makes of the designs."""

    policies: list[str] = Field(description="In the order of the file; the first is the study's own.")
    drug_alone: list[DrugAloneRow]
    cells: list[PolicyRow]
