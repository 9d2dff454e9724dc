"""CloudTrail, which LocalStack's community edition does not have.

recorder  every call as an event
trails    which trails want it, and the event history
held      what is kept back, to arrive later as on AWS
delivery  log files to S3, lines to the log group, a note to a topic
digests   what signs the log files
drops     what AWS drops without a word
provider  its API; settings: what a trail is refused for
finding   the trail that a request means, and who may change it
lookups, descriptions   how the event history and a trail are shown
"""
