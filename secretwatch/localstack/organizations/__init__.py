"""AWS Organizations, and who administers CloudTrail for one."""
