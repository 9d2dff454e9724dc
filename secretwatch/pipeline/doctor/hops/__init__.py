"""One file a hop: from a view to findings, pure. `differing` is what all of them say of what was changed.

A file that begins with a hop's name (`alarm_settings`, `trail_bucket`) is a part of that hop.
"""
