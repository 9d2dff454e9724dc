"""CloudWatch Logs: what comes into a log group is stored, masked, counted and sent on as on AWS.

intake          what comes in
metric_filters  log events become datapoints
events          what is stored, and what its readers see
groups, policies, subscriptions, settings, names   what a log group has, and what AWS refuses of it
provider        its API
"""
