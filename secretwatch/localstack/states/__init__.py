"""Step Functions: LocalStack's interpreter of state machines, with roles, events and time as on AWS.

`provider` what its API refuses and answers in addition; `tasks` as whom a task calls; `sdk` AWS's names of
services; `definition` what is wrong with a definition; `waits` how time passes in it; `http_task` calls of
others' HTTPS endpoints; `paths` what a JSONPath comes to. Nothing here is imported before somebody uses
Step Functions.

JSONata is not here, as LocalStack's needs Java: a definition that asks for it is refused.
https://docs.aws.amazon.com/step-functions/latest/dg/welcome.html
"""
