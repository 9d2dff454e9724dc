"""What a watch would have done on recorded events: filters, rules and alarms, minute by minute. Pure.

    subject     what is tested: filters, alarms and rules of a plan, a stack or by hand
    literals    what a file must hold for a pattern to match in it, out of the pattern
    matcher     events in, hits out: which filters and rules match
    hit         one event that matched
    delay       when an event arrived, where nothing says so
    replay      alarms, evaluated every minute on what had arrived
    limit       how many alarms are too many
    bill        what the events cost in the log group
    result      what came of it

What matches decides `filterpattern` and `eventpattern`, when an alarm rings `alarm`, what an event says
`incident.act`. No boto3, no clock, no file: reading and storing stand in `pipeline.backtest`.
"""
