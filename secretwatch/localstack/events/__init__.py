"""EventBridge: events of CloudTrail and of alarms on the default bus, rules, targets, letters, schedules."""
