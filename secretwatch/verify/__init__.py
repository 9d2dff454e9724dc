"""Experiments in a real account, for what AWS's documents leave open.

One table, `table.EXPERIMENTS`, serves `secretwatch verify`, the tests (where each experiment runs on the
local cloud and must find what is claimed) and docs/verify.md. An experiment is a claim, what may be seen,
and a function that looks; what it makes it makes through its `Lab`, which takes it away again. This room
talks to AWS through boto3 alone: nothing here knows which cloud answers, but that one on this machine is not
waited for as long.

    model.py         what an experiment is, and what may come out of it
    experiments/     the experiments, a subject a file
    table.py         all of them
    kinds.py         kinds of resources: what one costs, what making it takes, how it is found, and removed
    lab.py           what an experiment works with: clients, names, waiting
    queues.py        a queue that hears what is sent; statements.py the policies that experiments write
    stage.py         the trail, its bucket and its log group, which several experiments share
    permissions.py   which permissions the caller lacks
    run.py           running them side by side; state.py remembers what is done
    report.py        what is told, and what of it may be sent to somebody
    page.py          docs/verify.md
"""
