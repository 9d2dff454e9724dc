"""One probe a hop: where it looks for the read, and what it has seen so far.

    probe.py         what all probes are, the names of the hops, and what they look at
    trail.py         event history, log file, line in the log group
    alarm.py         the metric's count, the alarm's state
    notification.py  the alarm's action, and whom it tells
    received.py      the messages as subscribers get them
    paths.py         which of them a read passes, in order

A probe is asked again until it has seen its hop; `look` makes a few calls at most and returns at once. The
errors of those calls are the caller's (`smoke.py`): they mean the same for every hop.
"""
