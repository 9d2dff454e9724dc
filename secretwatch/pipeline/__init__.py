"""A deployed watch as seen through AWS's APIs, hop by hop: what is applied, and whether a read rings.

    watch.py    the facts: what the root module's output `watch` says
    applied.py  those facts from an applied root module, through Terraform
    aws.py      clients with short patience, and their errors in one sentence
    reading.py  reading a secret, and knowing that read again in a log
    probes/     one probe a hop: what it looks at, and what it has seen
    inbox.py    the local cloud's e-mails, where there is a local cloud
    smoke_report.py what a run found, for people and for machines; whole_files.py writes it
    smoke.py    the run: read, follow all hops at the same time
    history.py  the file of all runs
    compare.py  some reads, and what each channel delivers of them; comparison.py is its result
    rate.py     how much the account reads and rings
    ready.py    waiting until the alarm can ring
    messages.py what a topic's message is, and what it says about a read
    post.py     temporary queues that show what topics deliver
    pace.py     clock and threads

Not here: how anything is displayed (`cli/`), how it is applied (`terraform.py`), what events, log files and
object keys look like (`cloudtrail/`). Nothing here changes anything in the account but for
temporary queues, where delivery is to be proved (`post.py`); it reads secrets.
"""
