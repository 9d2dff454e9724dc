"""Why no e-mail came: is a watch what was applied, would it ring, did it ring; and what mends it.

    subject.py      what is examined: a watch, or the name of an alarm or a log group
    account.py      an account as far as a watch reaches into it, each thing in AWS's own shape
    kinds/          a file for the things that belong together: how they are asked for, which members decide,
                    how they are put right, which of Terraform's attributes they are, what calls do to them
    intent.py       what was applied, from Terraform's state, as such an account; what differs from it
    asking.py       read-only calls, each made once; what may not be asked is noted, not raised
    gather.py       asking for all of it: from where the walk starts (starting.py, about.py) to the last reads
                    and what came of them (followed.py, record.py, reads.py)
    view.py         what hops look at: a watch in an account, as it is or as it would be after a mend
    hops/           a file a hop, and for what a hop is about: would it ring, decided on a view alone
    names.py        names of calls, by the services' models: slips, and whose call it is
    evidence.py     what the last read is seen to have done, beside what should have come of it
    calls.py        a change expressed once: as a command, as a call, and on an account
    opening.py      policies: opened for who has to pass, and nothing of others' lost;
                    policy_differences.py: what one lacks of that which was applied, and whom it lets in
    mend.py         mends tried on the account as it was found, and their order
    walk.py         all hops, and the diagnosis
    examine.py      the run; with a canary again until the read has arrived
    permissions.py  the IAM policy that a run needs
    page.py         the diagnosis as one HTML page, with the path and a timeline of the last reads as pictures

A new thing on the way (a kind of target, of subscription) is a `Kind`; a new question is a hop. AWS's rules
are not here: what a pattern matches, what an alarm does, what a trail selects and what a policy allows is
asked of `filterpattern`, `eventpattern`, `alarm`, `cloudtrail`, `policy`, `filterpolicy`, `dataprotection`.
The local cloud asks the same.
"""
