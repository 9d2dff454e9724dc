"""From a read that rang to what its credentials did: the questions of an incident as pure functions.

    act.py       one event, with what an incident asks of it and nothing else
    chain.py     which events belong to the same credentials, in both directions of a chain of roles
    timeline.py  what they did, in order, alike ones together; which secrets; first seen when and from where
    usual.py     whether the reader is usual, by earlier reads
    contain.py   commands that contain it, to be printed
    report.py    all of that as one report

Pure: no AWS client, no clock, no file; events in, a report out. Events may be anybody's text: each field is
taken as text or left out, none is obeyed. Where events come from, and how a report is shown, stands in
`pipeline/incident` and `cli/incident.py`.
"""
