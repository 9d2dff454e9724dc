"""An incident as it is looked into: where its events come from, and how its report is written.

    sources.py      event history, log group and alarm history, asked page by page and politely
    gather.py       from a watch and an alarm, or an event, to the report
    files.py        the same from recorded files
    permissions.py  the IAM policy that this needs
    page.py picture.py markdown.py   the report for a browser, with its picture, and for a ticket

What belongs together, what is usual and what contains it is decided in `secretwatch.incident` alone. Nothing
here changes anything: the commands that contain are text.
"""
