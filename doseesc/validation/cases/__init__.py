"""The comparisons, one function each, which tests call and ``doseesc validate`` runs again: no arguments, a Comparison.

``requirements.yaml`` names them by file and function, such as ``boin.boundaries``.
"""
