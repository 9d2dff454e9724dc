"""The experiments, a subject a file. Each file has one tuple, `EXPERIMENTS`."""
