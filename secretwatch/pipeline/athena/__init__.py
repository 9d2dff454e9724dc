"""Asking Athena: what a CloudTrail table holds, what a question will scan, and the events that come back.

Nothing but SELECT is run, in one workgroup, and a query that is not waited for any more is stopped. What the
queries say is decided in `secretwatch.athena`.
"""
