"""Why no e-mail came: a deployed watch examined hop by hop, without changing anything.

    subject.py      what is examined: the facts of a watch, or the name of an alarm or a log group
    asking.py       read-only calls, each made once; what may not be asked is noted, not raised
    facts.py        everything that was found, as AWS answered it
    gather.py       asking for all of it
    reads.py        reads of secrets, as the event history and the log group have them
    hops/           one file a hop: from facts to findings, pure
    mends.py        the commands that mend
    findings.py     what a hop can be: healthy, broken, ...
    walk.py         all hops in their order, and the diagnosis
    examine.py      the run: gather, walk; with a canary again until the read has arrived
    permissions.py  the IAM policy that a run needs
    page.py         the diagnosis as one HTML page, with a timeline of the last reads

AWS's rules are not here: what a pattern matches, what an alarm does, what a trail selects and what a policy
allows is asked of `filterpattern`, `alarm`, `cloudtrail` and `policy`.
"""
