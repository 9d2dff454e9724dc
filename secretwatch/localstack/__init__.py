"""The plugin that gives LocalStack a CloudTrail, real metric filters, real alarms and real e-mails.

LocalStack's community edition has no CloudTrail, counts every message of every log group in every
metric filter, evaluates an alarm once a period, and mails to addresses that never confirmed. This
room replaces exactly these parts, through LocalStack's own entry points, and keeps every other answer.
What AWS does is decided in the pure rooms (``filterpattern``, ``alarm``, ``cloudtrail``, ``policy``);
here it is only wired to LocalStack's stores and requests. Nothing outside imports this room: LocalStack
finds it through the entry points in ``pyproject.toml``.
"""
