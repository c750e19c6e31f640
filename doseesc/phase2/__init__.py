"""The Phase 2 trial: what it can show with the doses that Phase 1 hands on, and the chance that the programme succeeds.

course, effect, patients
    The truth: what becomes of patients, how the dose changes it, and many trials of patients drawn from it.
day_counts
    What a trial sees of improvement and death: whole days, which is all that the analyses need.
log_rank, incidence, gray, win_ratio, proportions, exact_tables
    The analyses, each for many trials at once.
multiplicity
    Two active arms, several endpoints.
section, plan, power, size, assurance
    The file's section ``phase2``, the trial it plans, and the questions about it.
"""
