"""The experiments, a subject a file. Each file has one tuple, `EXPERIMENTS`.

What several share: `asked.py` (claims that one call settles), `datapoints.py` (metrics with few values).
"""
