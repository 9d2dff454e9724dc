"""Secrets Manager: the limits of its lists, and batches that give what the caller may read."""
