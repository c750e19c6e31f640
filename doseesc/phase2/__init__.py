"""The Phase 2 trial: what it can show with the doses that Phase 1 hands on, and the chance that the programme succeeds.

course, strata, effect, patients
    The truth: what becomes of patients, by severity, how the dose changes it, and patients drawn for many trials.
visits
    Secondary scores that follow each patient's own course.
accrual
    How long the trial lasts.
day_counts
    What a trial sees of improvement and death: whole days, which is all that the analyses need.
log_rank, incidence, gray, win_ratio, proportions, exact_tables, stratified, visit_tests, mmrm
    The analyses, each for many trials at once.
multiplicity
    Two active arms, several endpoints.
plan, comparisons, power, size, detectable, registered_size, alternatives, secondary, assurance
    The trial, and the questions about it.
section, assumptions, planning, answers, documents, words
    The file's section ``phase2``, what it leaves to be assumed, and the answers as files and in words.
"""
