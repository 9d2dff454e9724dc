"""One file a hop: from a view to findings, pure. `differing` is what all of them say of what was changed."""
