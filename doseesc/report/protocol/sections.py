"""The sections of the protocol: numbers and names as in the template of ICH M11, so that text can be moved over.

The names are those of the sections of the template in the NCI Thesaurus (subset C217023, ICH M11 Terminology).  Of the
second level only sections are here that a dose-finding study has something to say in; sections beyond the template's
stand at the end of section 12, where the template has room for them.
"""

from __future__ import annotations

from types import MappingProxyType

from doseesc.report.protocol.text_blocks import Block

SECTIONS = MappingProxyType(
    {
        "1": "Protocol Summary",
        "1.1": "Protocol Synopsis",
        "1.2": "Trial Schema",
        "1.3": "Schedule of Activities",
        "2": "Introduction",
        "2.1": "Purpose of Trial",
        "2.2": "Assessment of Risks and Benefits",
        "3": "Trial Objectives and Associated Estimands",
        "3.1": "Primary Objective and Associated Estimand",
        "3.2": "Secondary Objectives and Associated Estimands",
        "4": "Trial Design",
        "4.1": "Description of Trial Design",
        "4.2": "Rationale for Trial Design",
        "4.3": "Trial Stopping Rules",
        "4.4": "Start of Trial and End of Trial",
        "5": "Trial Population",
        "6": "Trial Intervention and Concomitant Therapy",
        "6.1": "Description of Investigational Trial Intervention",
        "6.2": "Rationale for Investigational Trial Intervention Dose and Regimen",
        "6.3": "Investigational Trial Intervention Administration",
        "6.4": "Investigational Trial Intervention Dose Modification",
        "6.7": "Assignment, Randomisation and Blinding",
        "7": "Participant Discontinuation of Trial Intervention and Discontinuation or Withdrawal from Trial",
        "7.1": "Discontinuation of Trial Intervention for Individual Participants",
        "7.3": "Management of Loss to Follow-Up",
        "8": "Trial Assessments and Procedures",
        "9": "Adverse Events",
        "9.1": "Definitions",
        "10": "Statistical Considerations",
        "10.1": "General Considerations",
        "10.2": "Analysis Sets",
        "10.4": "Analyses Associated with the Primary Objective",
        "10.5": "Analyses Associated with the Secondary Objectives",
        "10.7": "Safety Analyses",
        "10.9": "Interim Analyses",
        "10.10": "Multiplicity Adjustments",
        "10.11": "Sample Size Determination",
        "11": "Trial Oversight and Other General Considerations",
        "11.4": "Committees",
        "12": "Appendix: Supporting Details",
        "12.4": "Queries to the Sponsor",
        "12.5": "Coverage of SPIRIT-DEFINE",
        "12.6": "Points to Be Completed by the Sponsor",
        "13": "Appendix: Glossary of Terms and Abbreviations",
        "14": "Appendix: References",
    }
)


def section(number: str) -> Block:
    """Return the heading of a section.

    Examples
    --------
    >>> section("4.3").text
    '4.3 Trial Stopping Rules'
    """
    return Block("subheading" if "." in number else "heading", f"{number} {SECTIONS[number]}")


def section_of(heading: str) -> str:
    """Return the number that a heading begins with, "" for one without.

    Examples
    --------
    >>> section_of("4.3 Trial Stopping Rules"), section_of("Dose escalation")
    ('4.3', '')
    """
    number = heading.partition(" ")[0]
    return number if number in SECTIONS else ""
