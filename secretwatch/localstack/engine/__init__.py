"""LocalStack itself, where it does not run or does not answer as AWS does: mended at its start."""
