"""CloudWatch: metrics, alarms that are evaluated, and what they do then.

metric_data, metric_database, metric_statistics, service_metrics   datapoints in and out
alarm_clock    when alarms are evaluated
alarm_actions  what follows from a change of state; alarm_mutes: what keeps it from following
composite_alarms, math_alarms   alarms on alarms, and on sums of metrics
provider, alarm_settings        its API, and what that refuses
"""
