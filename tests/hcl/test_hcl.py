"""What the module refuses, with which sentence, and what takes which shape: no cloud, no credentials.

The *.tftest.hcl files are for `terraform test` with a mocked provider. It can expect a refusal, but not its
words: those stand here, one mistake a line, and are read from a root module that makes all of them.

Long because it is one table of mistakes and the sentences that answer them.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from secretwatch.terraform import TerraformFailed

HERE = Path(__file__).parent
REPO = HERE.parents[1]

COUNT = "which is wrong for a count:"
AVERAGE = (
    "each read is a 1, so it is 1 however many reads there are, and where other events are zeros one read"
    ' among four averages 0.2. Write "Sum".'
)
LAST_MINUTE = (
    "and each of the evaluation_periods must have its reads: when CloudWatch looks, the last minute may not "
    "be counted yet, so the alarm might never ring. Write 120 or more, or datapoints_to_alarm below"
    " evaluation_periods."
)
NAME = (
    "a bucket is named after it, so write 3 to 32 lower-case letters, digits and single hyphens, beginning"
    " with a letter."
)
PERIOD = "metrics from logs have one value a minute, so write a multiple of 60 seconds, such as 300."
NAME_OR_ARN = 'write a secret\'s name or ARN, a prefix such as "prod/*", or "*" for all.'
BARE = "write bare addresses such as ops@example.com."
DB = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db"
# Of such names few fit into a filter.
LONG = f'{DB}/${{format("%0470d", n)}}-AbCdEf'

TENANT = "87654321-90ab-cdef-1234-567890abcdef"
SLACK = '{ channel_id = "C07EZ1ABC23", workspace_id = "T07EA123LEP" }'
TEAMS = (
    '{ channel_id = "19%3aab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2",'
    f' team_id = "12345678-90ab-cdef-1234-567890abcdef", tenant_id = "{TENANT}" }}'
)
TOPIC = "arn:aws:sns:eu-west-1:111122223333:given"
TRAIL = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"
CALLS = (
    "BatchGetSecretValue, CancelRotateSecret, DeleteResourcePolicy, DeleteSecret, DescribeSecret,"
    " GetResourcePolicy, GetSecretValue, ListSecretVersionIds, PutResourcePolicy, PutSecretValue,"
    " RemoveRegionsFromReplication, ReplicateSecretToRegions, RestoreSecret, RotateSecret,"
    " StopReplicationToReplica, TagResource, UntagResource, UpdateSecret, UpdateSecretVersionStage"
)
TWELVE_ROLES = ", ".join(f'"arn:aws:iam::111122223333:role/{n:02}"' for n in range(12))
DROWN = (
    "trail.notifications.topic is an alert topic: CloudTrail sends it a message for each log file,"
    " hundreds a day, and none says who read which secret. Nobody would notice the alarms among them. Write "
    "another topic, or notifications = {}"
    " for one of its own."
)

DECOY = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"

REFUSED = [
    ('name = "Prod"', f'name is "Prod": {NAME}'),
    ('name = "prod db"', f'name is "prod db": {NAME}'),
    ('name = "prod--db"', f'name is "prod--db": {NAME}'),
    ('name = "prod-"', f'name is "prod-": {NAME}'),
    ('name = "1prod"', f'name is "1prod": {NAME}'),
    ('name = "db"', f'name is "db": {NAME}'),
    ('name = "a23456789-b23456789-c23456789-d23"', f'name is "a23456789-b23456789-c23456789-d23": {NAME}'),
    (
        "decoys = { arns = {}, except = [] }",
        "decoys.arns is empty, so nothing could ring: write { for name, decoy in module.decoy : name =>"
        " decoy.arn }, or leave decoys out.",
    ),
    (
        f'decoys = {{ arns = {{ "d0" = "{DECOY}d0-AbCdEf" }}, except = [], topics = [] }}',
        "decoys.topics has 0 topics: without a topic nobody gets the alarm's message, and CloudWatch takes "
        "five topics at most. Name one to five, or leave it out.",
    ),
    (
        f'decoys = {{ arns = {{ "d1" = "{DECOY}d1-AbCdEf" }}, except = null }}',
        "decoys.except is null: write the ARNs of the roles that apply the decoys, such as"
        ' ["arn:aws:iam::111122223333:role/deploy"]. Terraform describes and reads each decoy in every '
        "plan, so"
        " with [] every plan would ring.",
    ),
    (
        f'decoys = {{ arns = {{ "d2" = "{DECOY}d2-AbCdEf" }}, except = [null] }}',
        "decoys.except holds null: write the ARN of a role, such as arn:aws:iam::111122223333:role/deploy,"
        " or leave it out.",
    ),
    (
        f'decoys = {{ arns = {{ "d*" = "{DECOY}d*-AbCdEf" }}, except = [] }}',
        'decoys.arns has the name "d*": write names of secrets, at most 512 letters, digits and /_+=.@-,'
        " each with its ARN.",
    ),
    *(
        (
            f'decoys = {{ arns = {{ "{name}" = {arn} }}, except = [] }}',
            f"decoys.arns: the value for {name} is not the whole ARN of the secret of that name in account"
            " 111122223333 and region eu-west-1: write the output arn of modules/decoy. Decoys elsewhere need"
            " an instance there.",
        )
        for name, arn in (
            ("null", "null"),
            ("a-name", '"a-name"'),
            ("partial", f'"{DECOY}partial"'),
            ("another", f'"{DECOY}other-AbCdEf"'),
            ("away", f'"{DECOY.replace("eu-west-1", "eu-west-2")}away-AbCdEf"'),
            ("theirs", f'"{DECOY.replace("111122223333", "444455556666")}theirs-AbCdEf"'),
        )
    ),
    (
        f'decoys = {{ arns = {{ "d3" = "{DECOY}d3-AbCdEf" }}, except = [] }}\n'
        'watches = { decoys = { secrets = ["db"] } }',
        "watches has the name decoys, but the watch on decoys or one of its alarms already has that name: "
        "write another.",
    ),
    (
        f'decoys = {{ arns = {{ "d4" = "{DECOY}d4-AbCdEf" }}, except = [], topics = ["x"] }}',
        "decoys.topics names a topic that is not among topics: the only topic is the one of "
        "email_addresses, so leave it out.",
    ),
    (
        f'decoys = {{ arns = {{ "d5" = "{DECOY}d5-AbCdEf" }}, except = ["nobody"] }}',
        'decoys.except holds "nobody": write the whole ARN of a role or user, one that ends in *, or an AWS'
        " service such as rds.amazonaws.com.",
    ),
    *(
        (
            f"topics = {{ t{n} = {{ endpoints = {{ one = {{ url = {url} }} }} }} }}",
            f"topics.t{n}.endpoints.one.url is no address that SNS can post to safely: write https:// with "
            f"a host, at most 2048 characters, without spaces and without a # part.",
        )
        for n, url in enumerate(
            (
                '"http://events.example.com/key"',
                '"https://"',
                '"https://events.example.com/#key"',
                '"https://a@b@events.example.com/"',
                '"https://user@events.example.com/"',
                '"https://events.example.com/a b"',
                "null",
                'sensitive("ftp://events.example.com/hunter2")',
            )
        )
    ),
    (
        'topics = { u1 = { endpoints = { "https://x" = { url = "https://x" } } } }',
        "topics.u1.endpoints: write a short name for each, at most 32 lower-case letters, digits and single"
        " hyphens, beginning with a letter, and its address as url. An address instead of a name would be "
        "shown in every plan, and it is a secret.",
    ),
    (
        "topics = { u2 = { endpoints = { one = null } } }",
        'topics.u2.endpoints holds null: write { url = "https://..." }, or leave it out.',
    ),
    (
        'topics = { u3 = { endpoints = { one = { url = "https://x" }, two = { url = "https://x" } } } }',
        "topics.u3.endpoints has an address twice: SNS makes one subscription of it. Leave one of them out.",
    ),
    (
        'topics = { u4 = { endpoints = { one = { url = "https://x" } }, existing = { arn ='
        ' "arn:aws:sns:eu-west-1:111122223333:given", verify = false } } }',
        "topics.u4 is an existing topic, and has endpoints: the owner of the topic has to subscribe them. "
        "Leave them out.",
    ),
    ('secrets = [""]', f'secrets holds "": {NAME_OR_ARN}'),
    ('secrets = ["db", "db replica"]', f'secrets holds "db replica": {NAME_OR_ARN}'),
    ('secrets = ["d*b"]', f'secrets holds "d*b": {NAME_OR_ARN}'),
    ('secrets = ["**"]', f'secrets holds "**": {NAME_OR_ARN}'),
    (
        'secrets = ["arn:aws:ssm:eu-west-1:111122223333:parameter/db"]',
        f'secrets holds "arn:aws:ssm:eu-west-1:111122223333:parameter/db": {NAME_OR_ARN}',
    ),
    (
        'secret = { name = "my secret" }\nsecret_value = "x"',
        'secret.name is "my secret": write letters, digits and /_+=.@- only.',
    ),
    (
        'secret = { name = "" }\nsecret_value = "x"',
        'secret.name is "": write letters, digits and /_+=.@- only.',
    ),
    (
        'secret = { name = "db", recovery_window_in_days = 6 }\nsecret_value = "x"',
        "secret.recovery_window_in_days is 6: Secrets Manager takes 7 to 30 days, or 0 to delete at once.",
    ),
    (
        'secret = { name = "db", value_version = 1.5 }\nsecret_value = "x"',
        "secret.value_version is 1.5: write a whole number, 1 at first and one more for each new value, or 0"
        " when somebody else writes the value.",
    ),
    (
        'alarm = { statistic = "Average" }',
        f"alarm.statistic is Average, {COUNT} {AVERAGE}",
    ),
    (
        'alarm = { statistic = "Maximum" }',
        f"alarm.statistic is Maximum, {COUNT} each read is a 1, so it stays 1 however many reads there are."
        ' Write "Sum".',
    ),
    (
        'alarm = { statistic = "Minimum" }',
        f"alarm.statistic is Minimum, {COUNT} each read is a 1, so it stays 1 however many reads there are,"
        ' and one other value hides them all. Write "Sum".',
    ),
    (
        'alarm = { statistic = "SampleCount" }',
        f"alarm.statistic is SampleCount, {COUNT} it counts values, whatever they are, and not reads."
        ' Write "Sum".',
    ),
    (
        'alarm = { statistic = "p99" }',
        f'alarm.statistic is p99, {COUNT} only a sum says how many reads there were. Write "Sum".',
    ),
    ("alarm = { period = 0 }", f"alarm.period is 0: {PERIOD}"),
    ("alarm = { period = 10 }", f"alarm.period is 10: {PERIOD}"),
    ("alarm = { period = 90 }", f"alarm.period is 90: {PERIOD}"),
    (
        "alarm = { evaluation_periods = 25, period = 3600 }",
        "alarm.period times alarm.evaluation_periods is 90000 seconds: CloudWatch looks back one"
        " day, so write"
        " at most 86400.",
    ),
    (
        "alarm = { evaluation_periods = 0 }",
        "alarm.evaluation_periods is 0: write a whole number of periods, 1 or more.",
    ),
    (
        "alarm = { evaluation_periods = 1.5 }",
        "alarm.evaluation_periods is 1.5: write a whole number of periods, 1 or more.",
    ),
    (
        "alarm = { datapoints_to_alarm = 3, evaluation_periods = 2 }",
        "alarm.datapoints_to_alarm is 3: write a whole number from 1 to alarm.evaluation_periods"
        " (2), or leave"
        " it out.",
    ),
    (
        "alarm = { datapoints_to_alarm = 0 }",
        "alarm.datapoints_to_alarm is 0: write a whole number from 1 to alarm.evaluation_periods"
        " (1), or leave"
        " it out.",
    ),
    (
        "alarm = { threshold = 0 }",
        "alarm.threshold is 0: with less than 1 the alarm rings without a read. Write the number of"
        " reads that"
        " should ring, such as 1.",
    ),
    (
        'alarm = { treat_missing_data = "notbreaching" }',
        "alarm.treat_missing_data is notbreaching: write notBreaching (no data means no read), or missing.",
    ),
    (
        'alarm = { treat_missing_data = "breaching" }',
        "alarm.treat_missing_data is breaching: only reads are counted, so the alarm would be in ALARM "
        "whenever nobody reads. Write notBreaching; self_watch.blindness has an alarm that rings when no "
        "events arrive.",
    ),
    (
        'alarm = { treat_missing_data = "ignore" }',
        "alarm.treat_missing_data is ignore: only reads are counted, so after the first read the alarm "
        "would stay in ALARM and never ring again. Write notBreaching; self_watch.blindness has an alarm "
        "that rings when no events arrive.",
    ),
    ("alarm = { period = 60, threshold = 2 }", f"alarm.period is 60, {LAST_MINUTE}"),
    ("alarm = { evaluation_periods = 3, period = 60 }", f"alarm.period is 60, {LAST_MINUTE}"),
    ('email_addresses = ["ops"]', f'email_addresses holds "ops": {BARE}'),
    ('email_addresses = ["ops@localhost"]', f'email_addresses holds "ops@localhost": {BARE}'),
    (
        'email_addresses = ["a@example.com", "b@", "c@example.com; d@example.com"]',
        f'email_addresses holds "b@", "c@example.com; d@example.com": {BARE}',
    ),
    (
        'email_addresses = ["Ops <ops@example.com>"]',
        f'email_addresses holds "Ops <ops@example.com>": {BARE}',
    ),
    (
        'trail = { exclude_management_event_sources = ["kms.amazonaws.com"], existing = { arn = "arn:aws:'
        'cloudtrail:us-east-1:123456789012:trail/main", log_group_name = "main" } }',
        "trail.existing comes with exclude_management_event_sources: only the owner of the trail can change "
        "which events it records. Leave it out.",
    ),
    (
        'trail = { exclude_management_event_sources = ["s3.amazonaws.com", "kms.amazonaws.com"] }',
        'trail.exclude_management_event_sources has "s3.amazonaws.com": CloudTrail can leave out'
        " kms.amazonaws.com and rdsdata.amazonaws.com, and no other service.",
    ),
    (
        "trail = { log_retention_in_days = 100 }",
        "trail.log_retention_in_days is 100: CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180,"
        " 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 and 3653 days.",
    ),
    (
        "trail = { bucket_expiration_in_days = -1 }",
        "trail.bucket_expiration_in_days is -1: write a whole number of days, or 0 to keep log files"
        " for good.",
    ),
    (
        "trail = { bucket_expiration_in_days = 0.5 }",
        "trail.bucket_expiration_in_days is 0.5: write a whole number of days, or 0 to keep log"
        " files for good.",
    ),
    (
        "kms_deletion_window_in_days = 6",
        "kms_deletion_window_in_days is 6: KMS takes 7 to 30 days.",
    ),
    (
        "secrets = []",
        "Nothing to watch: write names or ARNs of existing secrets in secrets, or describe a new one"
        " in secret.",
    ),
    (
        'secret = { name = "db" }',
        "secret_value is missing: pass it (TF_VAR_secret_value keeps it out of files), or write"
        " secret.value_version = 0 when somebody else writes the value.",
    ),
    # Watches
    (
        'watches = { Prod = { secrets = ["db"] } }',
        'watches has the name "Prod": alarms and rules are named after it, so write at most 20'
        " lower-case letters,"
        " digits and single hyphens, beginning with a letter.",
    ),
    (
        'watches = { tampering = { secrets = ["db"] } }',
        'watches has the name "tampering", but the instance itself has an alarm of that name: write another.',
    ),
    (
        'watches = { eu-stuck = { secrets = ["db"] } }',
        'watches has the name "eu-stuck", but the instance itself has an alarm of that name: write another.',
    ),
    (
        'watches = { stuck = { secrets = ["db"] } }',
        'watches has the name "stuck", but the instance itself has an alarm of that name: write another.',
    ),
    (
        'watches = { secret-read = { secrets = ["db"] }, secret-reads = { secrets = ["db"] } }',
        "watches has secret-read and secret-reads, which would count in one metric, secretwatch-secret-reads:"
        " write another name for one.",
    ),
    (
        "topics = { eu = {}, eu-page = {}, page = {} }\n"
        'watches = { eu = { secrets = ["*"] }, eu-db = { secrets = ["*"] } }',
        'name is "secretwatch", and the account has secretwatch-eu, too (a log group'
        " /aws/cloudtrail/secretwatch-eu): what is called secretwatch-eu-db, secretwatch-eu,"
        " secretwatch-eu-page could be of both, and AWS replaces one by the other without an error. Write"
        " another name for that watch or topic.",
    ),
    (
        'secrets = ["one"]\nwatches = { m = { secrets = ["db"] } }',
        "secrets is only for the default watch, and you wrote watches: write these secrets into a watch.",
    ),
    (
        'secret = { name = "new", value_version = 0 }\nwatches = { m = { secrets = ["db"] } }',
        'secret.name is "new", which is in no watch: write it into the secrets of one.',
    ),
    (
        'watches = { m = { secrets = ["db"], topics = ["page"] } }',
        "watches.m names a topic that is not among topics: the only topic is the one of email_addresses, so "
        "leave it out.",
    ),
    (
        'topics = { chat = {}, page = {} }\nwatches = { m = { secrets = ["db"], topics = ["pager"] } }',
        "watches.m names a topic that is not among topics: write any of chat, page.",
    ),
    (
        'watches = { m1 = { secrets = ["db"], topics = [] } }',
        "watches.m1.topics has 0 topics: without a topic nobody gets the alarm's message, and CloudWatch "
        "takes five topics at most.",
    ),
    (
        "watches = { m2 = { secrets = [] } }",
        "watches.m2.secrets is empty: nothing is watched. Write names or ARNs, a prefix such as"
        ' "prod/*", or "*"'
        " for all.",
    ),
    ('watches = { m3 = { secrets = ["a b"] } }', f'watches.m3.secrets holds "a b": {NAME_OR_ARN}'),
    (
        'watches = { m4 = { secrets = ["db"], events = [] } }',
        'watches.m4.events is empty: the alarm could never ring. Write "reads", "changes", "touches", or'
        " names of Secrets Manager's API calls.",
    ),
    (
        'watches = { m5 = { secrets = ["db"], events = ["GetSecret"] } }',
        'watches.m5.events holds "GetSecret", which Secrets Manager never records for a secret:'
        ' write "reads",'
        f' "changes", "touches", or any of {CALLS}.',
    ),
    (
        'watches = { m6 = { secrets = ["db"], outcome = "failed" } }',
        "watches.m6.outcome is failed: write any, success or denied.",
    ),
    (
        'watches = { m7 = { secrets = ["db"], outcome = "denied", except = ["rds.amazonaws.com"] } }',
        "watches.m7.except has no effect, because only denied reads count here: write except_denied = true, "
        "or leave except out.",
    ),
    (
        'watches = { m8 = { secrets = ["db"], except = ["app"] } }',
        'watches.m8.except holds "app": write the whole ARN of a role or user, one that ends in *,'
        " or an AWS service"
        " such as rds.amazonaws.com.",
    ),
    (
        'watches = { m9 = { secrets = ["db"], except = ["arn:aws:sts::111122223333:assumed-role/app/x"] } }',
        'watches.m9.except holds "arn:aws:sts::111122223333:assumed-role/app/x", a session: write'
        " the role's own"
        " ARN, such as arn:aws:iam::111122223333:role/app, which stands for all its sessions.",
    ),
    (
        'watches = { m10 = { secrets = ["db"], alarm = { statistic = "Average" } } }',
        f"watches.m10.alarm.statistic is Average, {COUNT} {AVERAGE}",
    ),
    (
        f'watches = {{ m11 = {{ secrets = ["*"], except = [{TWELVE_ROLES}] }} }}',
        "watches.m11.secrets and except make a filter pattern of 1297 bytes, CloudWatch Logs takes"
        " 1024: write fewer"
        " principals in except, or the part that they share with a * (arn:aws:iam::111122223333:role/ci/*).",
    ),
    # What a log group takes
    (
        'secrets = ["arn:aws:secretsmanager:eu-west-1:444455556666:secret:db-AbCdEf"]',
        "secrets: this trail records account 111122223333, and would miss reads of"
        " arn:aws:secretsmanager:eu-west-1:444455556666:secret:db-AbCdEf: deploy secretwatch in the"
        " account that"
        " owns the secret.",
    ),
    (
        'watches = { m12 = { secrets = [for n in range(30) : "production/database-${n}"] } }',
        "watches.m12.secrets has 30 secrets without complete ARNs. Only regular expressions can tell a name "
        "from longer names that begin with it, and that takes 11 filters with regular expressions: a log "
        "group takes 5. Write "
        "complete ARNs,"
        " let names be"
        ' looked up (look_up_secrets = true), or write a prefix such as "prod/*".',
    ),
    (
        f'watches = {{ big = {{ secrets = [for n in range(35) : "{LONG}"] }} }}',
        "watches.big.secrets has 35 secrets, which take 107 metric filters: a log group takes 100."
        " Write a prefix"
        ' such as "prod/*", or "*" with except, or watch some of them from another instance, with'
        " another log group.",
    ),
    (
        f"""watches = {{
          larger  = {{ secrets = [for n in range(19) : "{LONG}"] }}
          smaller = {{ secrets = [for n in range(16) : "{LONG}"] }}
        }}""",
        "All watches together take 123 metric filters, most of them (59) watch larger: a log group"
        ' takes 100. Write prefixes such as "prod/*" in a watch, or "*" with except, fewer roles in'
        " self_watch.except, or move a watch to another instance, with another log group.",
    ),
    (
        'watches = { for n in range(6) : "n${n}" => { secrets = ["db-${n}"] } }',
        "The watches n0, n1, n2, n3, n4, n5 have secrets without complete ARNs, and take 6 filters"
        " with regular"
        " expressions: a log group takes 5. Write complete ARNs, let names be looked up"
        " (look_up_secrets = true),"
        ' write prefixes such as "prod/*", or move a watch to another instance, with another log group.',
    ),
    # Details
    (
        'details = true\nwatches = { m20 = { secrets = ["*"] } }',
        "details is true, but each watch in watches has its own details: write details = true into each "
        "watch that should say who it was, and leave this one out.",
    ),
    (
        'watches = { m21 = { secrets = ["*"], details = true }, details-m21 = { secrets = ["*"] } }',
        "watches has details-m21, and the details of m21 have an alarm of that name: write another name for"
        " one.",
    ),
    # The fast path
    (
        'watches = { m16 = { secrets = ["*"], realtime = true, realtime_topics = ["fast"] } }',
        "watches.m16 names a topic in realtime_topics that is not among topics: the only topic is the one "
        "of email_addresses, so leave it out.",
    ),
    (
        'watches = { m17 = { secrets = ["*"], realtime_topics = ["default"] } }',
        "watches.m17 has realtime_topics, and no realtime message to send there: write realtime = true, or"
        " leave realtime_topics out.",
    ),
    (
        'watches = { m18 = { secrets = ["*"], realtime = true, realtime_topics = [] } }',
        "watches.m18.realtime_topics is empty, so nobody would get the realtime message: name a topic, or"
        " leave it out.",
    ),
    (
        'watches = { m13 = { secrets = ["db", "prod/*"], realtime = true } }',
        "watches.m13.realtime: no pattern of EventBridge can tell a name from longer names that begin with "
        "it, so realtime needs complete ARNs, and has none of db. Write complete ARNs, let names be looked "
        "up (look_up_secrets ="
        " true), write a"
        ' prefix such as "prod/*", or realtime = false.',
    ),
    (
        f'watches = {{ m14 = {{ secrets = ["{DB.replace("eu-west-1", "us-east-1")}-AbCdEf"], realtime'
        f" = true }} }}",
        "watches.m14.realtime: EventBridge in eu-west-1 sees calls of account 111122223333 there,"
        " and would miss"
        " arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf. Write realtime = false, or"
        " watch them from"
        " an instance in their own account and region.",
    ),
    # Topics and keys
    (
        "email_addresses = null",
        "email_addresses is missing: write the addresses that get the e-mails, [] if something else "
        "subscribes to the topic, or topics with addresses of their own.",
    ),
    (
        "email_addresses = []\ntopics = { page = {} }",
        "email_addresses is only for the default topic, and you wrote topics: write the addresses into "
        "topics.",
    ),
    (
        "topics = { log-files = {} }",
        'topics has the name "log-files": write at most 32 lower-case letters, digits and single'
        " hyphens, beginning"
        " with a letter, and neither log-files nor self-watch.",
    ),
    (
        'topics = { for n in range(6) : "t${n}" => {} }',
        "topics has 6: the instance's own alarms go to all topics, and an alarm takes at most five.",
    ),
    (
        f'topics = {{ page = {{ email_addresses = ["a@example.com"], existing = {{ arn = "{TOPIC}" }} }} }}',
        "topics.page is an existing topic, and has email_addresses: the owner of the topic has to subscribe "
        "them. Leave them out.",
    ),
    (
        f'topics = {{ page = {{ existing = {{ arn = "{TOPIC.replace("eu-west-1", "us-east-1")}" }} }} }}',
        "topics.page is no topic to which an alarm here can publish: write the ARN of a standard topic in"
        " eu-west-1.",
    ),
    ('topics = { page = { email_addresses = ["ops"] } }', f"topics.page.email_addresses: {BARE}"),
    (
        'kms_keys = { topics = { arn = "arn:aws:kms:eu-west-1:111122223333:alias/aws/sns" } }',
        "kms_keys holds a key of AWS's own: it lets neither CloudWatch nor CloudTrail in, so alarms would "
        "be dropped without an error. Write the ARN of a key of yours, or leave it out.",
    ),
    (
        'kms_keys = { trail = { arn = "alias/mine" } }',
        "kms_keys takes whole ARNs of keys, such as"
        " arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, and no"
        " aliases: policies name"
        " keys by ARN.",
    ),
    (
        'topics = { away = { existing = { arn = "arn:aws:sns:eu-west-1:444455556666:given" } } }',
        "topics.away.existing: topic arn:aws:sns:eu-west-1:444455556666:given belongs to account"
        " 444455556666, and a plan cannot look at it from 111122223333. Make sure that it is a standard topic"
        " without a key of AWS's own, and that its policy has the statements of the output policy_statements,"
        " then write verify = false.",
    ),
    (
        'topics = { queue = { existing = { arn = "arn:aws:sns:eu-west-1:111122223333:given.fifo" } } }',
        "topics.queue is no topic to which an alarm here can publish: write the ARN of a standard topic in"
        " eu-west-1.",
    ),
    # Chats
    (
        "topics = { talk = { chat = {} } }",
        "topics.talk.chat is one channel: write either slack = { workspace_id, channel_id } or teams ="
        " { team_id, tenant_id, channel_id }, and another topic for a second channel.",
    ),
    (
        f"topics = {{ talk = {{ chat = {{ slack = {SLACK}, teams = {TEAMS} }} }} }}",
        "topics.talk.chat is one channel: write either slack = { workspace_id, channel_id } or teams ="
        " { team_id, tenant_id, channel_id }, and another topic for a second channel.",
    ),
    (
        'topics = { talk = { chat = { slack = { channel_id = "C07EZ1ABC23", workspace_id = "acme" } } } }',
        "topics.talk.chat.slack.workspace_id is no workspace of Slack's: AWS's console shows it once the"
        " workspace is authorised, T and capital letters and digits, such as T07EA123LEP.",
    ),
    (
        'topics = { talk = { chat = { slack = { channel_id = "#ops", workspace_id = "T07EA123LEP" } } } }',
        "topics.talk.chat.slack.channel_id is no channel of Slack's: it is the end of the channel's link, not"
        " its name, C or G and capital letters and digits, such as C07EZ1ABC23.",
    ),
    (
        f"topics = {{ talk = {{ chat = {{ teams = {TEAMS.replace(TENANT, 'acme.example.com')} }} }} }}",
        "topics.talk.chat.teams has a wrong team_id or tenant_id: in the channel's link they stand behind "
        "groupId= and tenantId=, such as 12345678-90ab-cdef-1234-567890abcdef.",
    ),
    (
        # As it reads once somebody has decoded it.
        f"topics = {{ talk = {{ chat = {{ teams = {TEAMS.replace('%3a', ':').replace('%40', '@')} }} }} }}",
        "topics.talk.chat.teams.channel_id is no channel of Teams': it stands in the channel's link between"
        " channel/ and the next /, as it is written there, such as"
        " 19%3aab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2.",
    ),
    (
        f"topics = {{ a = {{ chat = {{ teams = {TEAMS} }} }}, b = {{ chat = {{ teams = {TEAMS} }} }} }}",
        "topics has several channels of one team of Microsoft Teams: the AWS provider confuses two "
        "configurations of one team, and every later plan fails. Let one topic have chat, or take channels "
        "of different teams.",
    ),
    (
        f"topics = {{ a = {{ chat = {{ slack = {SLACK} }} }}, b = {{ chat = {{ slack = {SLACK} }} }} }}",
        "topics has one channel of Slack several times: AWS takes one configuration for each channel in an "
        "account, and refuses a second one in the apply. Let one topic have chat and name it in each watch, "
        "or"
        " take different channels.",
    ),
    (
        f"topics = {{ talk = {{ chat = {{ slack = {SLACK} }},"
        ' existing = { arn = "arn:aws:sns:eu-west-1:444455556666:given", verify = false } } }',
        "topics.talk has chat, and is another account's: a channel subscribes to topics of its own account"
        " 111122223333. Let that account configure the channel, or write a topic of this one.",
    ),
    (
        f'topics = {{ talk = {{ chat = {{ slack = {SLACK} }}, email_addresses = ["ops@example.com"] }} }}\n'
        'watches = { m = { secrets = ["*"], realtime = true } }',
        "watches sends realtime messages or details to topics.talk, whose chat channel would drop them "
        "without an error. A channel shows such messages only if its topic has no email_addresses, no "
        "endpoints, and is not an existing one. Write a topic for the channel alone, such as chat = { chat "
        "= {...} }, or"
        " realtime_topics without that one and details = false.",
    ),
    (
        f"topics = {{ page = {{}}, talk = {{ chat = {{ slack = {SLACK} }},"
        f' existing = {{ arn = "{TOPIC}", verify = false }} }} }}\n'
        'watches = { m = { secrets = ["*"], realtime = true, realtime_topics = ["page", "talk"] } }',
        "watches sends realtime messages or details to topics.talk, whose chat channel would drop them "
        "without an error. A channel shows such messages only if its topic has no email_addresses, no "
        "endpoints, and is not an existing one. Write a topic for the channel alone, such as chat = { chat "
        "= {...} }, or"
        " realtime_topics without that one and details = false.",
    ),
    (
        f'topics = {{ talk = {{ chat = {{ slack = {SLACK} }}, email_addresses = ["ops@example.com"] }} }}\n'
        'self_watch = { topics = ["talk"] }',
        "self_watch.topics sends messages to topics.talk, whose chat channel would drop them without an "
        "error. A channel shows such messages only if its topic has no email_addresses, no endpoints, and "
        "is not an existing one. Write a"
        " topic for the channel alone, such as chat = { chat = {...} }, or leave that one out.",
    ),
    (
        f"topics = {{ talk = {{ chat = {{ slack = {SLACK} }},"
        ' endpoints = { pager = { url = "https://events.example.com/x" } } } }\n'
        'watches = { m = { secrets = ["*"], details = true } }',
        "watches sends realtime messages or details to topics.talk, whose chat channel would drop them "
        "without an error. A channel shows such messages only if its topic has no email_addresses, no "
        "endpoints, and is not an existing one. Write a topic for the channel alone, such as chat = { chat "
        "= {...} }, or"
        " realtime_topics without that one and details = false.",
    ),
    (
        f'topics = {{ talk = {{ chat = {{ slack = {SLACK} }}, email_addresses = ["ops@example.com"] }} }}\n'
        'details = true\nsecrets = ["db"]',
        "details go to topics.talk, whose chat channel would drop them without an error. A channel shows "
        "such messages only if its topic has no email_addresses, no endpoints, and is not an existing one. "
        "Write a topic for the"
        " channel alone, such as chat = { chat = {...} }, or details = false.",
    ),
    (
        f'topics = {{ talk = {{ chat = {{ slack = {SLACK} }}, email_addresses = ["ops@example.com"] }} }}\n'
        f'decoys = {{ arns = {{ "d6" = "{DECOY}d6-AbCdEf" }}, except = [] }}',
        "decoys sends messages to topics.talk, whose chat channel would drop them without an error. A "
        "channel shows such messages only if its topic has no email_addresses, no endpoints, and is not an "
        "existing one. Write a"
        " topic for the channel alone, such as chat = { chat = {...} }, or decoys.topics without that one.",
    ),
    # The trail
    (
        'trail = { existing = { arn = "arn:aws:cloudtrail:eu-west-1:444455556666:trail/main",'
        ' log_group_name = "main" } }',
        "trail.existing: trail main belongs to account 444455556666, and a plan cannot look at it from "
        "111122223333. A trail, an organisation's too, delivers to a log group of the account that made it:"
        " deploy in 444455556666. If 111122223333 made it, as the organisation's delegated administrator:"
        " make sure that it delivers to log group main of this account, records management events of the type"
        " All and is logging, then write verify = false.",
    ),
    (
        'trail = { existing = { arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main",'
        ' log_group_name = "main" } }',
        "trail.existing: trail main is at home in us-east-1, and delivers to a log group there: a watch in"
        " eu-west-1 would see no event. Deploy in us-east-1, or name a trail of eu-west-1.",
    ),
    (
        'trail = { existing = { arn = "main", log_group_name = "main" } }',
        'trail.existing.arn is "main": write the whole ARN, such as'
        " arn:aws:cloudtrail:us-east-1:123456789012:trail/main.",
    ),
    (
        f'trail = {{ bucket = {{ name = "b" }}, existing = {{ arn = "{TRAIL}", log_group_name = "main" }} }}',
        "trail.existing comes with bucket or notifications: only the owner of the trail can change those. "
        "Leave them out.",
    ),
    (
        'trail = { organization = { id = "123" } }',
        'trail.organization.id is "123": write the organisation\'s id, such as o-exampleorgid.',
    ),
    (
        'trail = { organization = { id = "o-exampleorgid", management_account_id = "4444-5555-6666" } }',
        'trail.organization.management_account_id is "4444-5555-6666": write the 12 digits of the account'
        " that manages the organisation, such as 123456789012.",
    ),
    *(
        (
            f"trail = {{ notifications = {notifications},"
            ' organization = { id = "o-exampleorgid", management_account_id = "444455556666" } }',
            "trail.notifications is for a topic of this account, and the trail is account 444455556666's:"
            " each plan would change it. Write a topic of another account or region, or leave notifications"
            " out.",
        )
        for notifications in ("{}", f'{{ topic = {{ arn = "{TOPIC}" }} }}')
    ),
    (
        'trail = { notifications = { topic = { arn = "arn:aws:sns:eu-west-1:111122223333:secretwatch" } } }',
        DROWN,
    ),
    (
        f'topics = {{ page = {{ existing = {{ arn = "{TOPIC}" }} }} }}\n'
        f'trail = {{ notifications = {{ topic = {{ arn = "{TOPIC}" }} }} }}',
        DROWN,
    ),
    # Tags
    *(
        (
            f'tags = {{ fine = "", {tag} }}',
            f'tags holds "{key}": write keys of 1 to 128 and values of at most 256 letters, digits, spaces'
            " and _.:/=+-@, and no key that begins with aws:.",
        )
        for key, tag in (
            ("aws:team", '"aws:team" = ""'),
            ("AWS:team", '"AWS:team" = ""'),
            ("a,b", '"a,b" = ""'),
            ("note", 'note = "a, b"'),
            ("long", f'long = "{"x" * 257}"'),
            ("k" * 129, f'{"k" * 129} = ""'),
        )
    ),
    ('tags = { for n in range(51) : "k${n}" => "" }', "tags has 51: a resource has at most 50."),
    (
        'tags = { Team = "", team = "" }',
        "tags has keys that differ only in their case: an IAM role takes one of them. Leave the others out.",
    ),
    # The watch on itself
    (
        'self_watch = { except = ["deploy"] }',
        'self_watch.except holds "deploy": write ARNs of roles, such as'
        " arn:aws:iam::123456789012:role/deploy.",
    ),
    (
        'self_watch = { global_events = "arn:aws:events:eu-west-1:111122223333:rule/x" }',
        'self_watch.global_events is "arn:aws:events:eu-west-1:111122223333:rule/x": write the output'
        " rule_arn of modules/global-events, called with a provider of us-east-1.",
    ),
    # What is null, and what AWS refuses or an alarm never rings for
    ('secrets = ["db", null]', f"secrets holds null: {NAME_OR_ARN}"),
    ("email_addresses = [null]", f'email_addresses holds "null": {BARE}'),
    (
        "topics = { page = null }",
        "topics.page is null: write {} for a topic of its own, or leave it out.",
    ),
    *(
        (
            f"watches = {{ {name} = {watch} }}",
            f"watches.{name} has no secrets: write {{ secrets = [...] }} with names or ARNs, a prefix such as"
            ' "prod/*", or "*" for all.',
        )
        for name, watch in (("nothing", "null"), ("nowhere", "{ secrets = null }"))
    ),
    *(
        (
            f"watches = {{ {name} = {watch} }}",
            f"watches.{name} holds null in secrets, events or except: write a value, or leave it out.",
        )
        for name, watch in (
            ("null-secret", "{ secrets = [null] }"),
            ("null-event", '{ secrets = ["db"], events = [null] }'),
            ("null-except", '{ secrets = ["db"], except = [null] }'),
        )
    ),
    (
        "self_watch = { except = [null] }",
        'self_watch.except holds "null": write ARNs of roles, such as arn:aws:iam::123456789012:role/deploy.',
    ),
    (
        'self_watch = { except = ["arn:aws:iam::111122223333:role/*"] }',
        'self_watch.except holds "arn:aws:iam::111122223333:role/*": write ARNs of roles, such as'
        " arn:aws:iam::123456789012:role/deploy.",
    ),
    *(
        (
            f"trail = {{ bucket = {{ name = {name} }} }}",
            f'trail.bucket.name is "{said}": write the name of a bucket, 3 to 63 lower-case letters,'
            " digits, dots"
            " and hyphens, without s3:// and without a prefix (which is key_prefix).",
        )
        for name, said in (("null", ""), ('"Bad Bucket!"', "Bad Bucket!"), ('"a..b"', "a..b"))
    ),
    *(
        (
            f'trail = {{ bucket = {{ name = "logs", key_prefix = "{prefix}" }} }}',
            f'trail.bucket.key_prefix is "{prefix}": write at most 200 letters, digits and'
            " !_.'()=@:,&+-, with a / between parts and none at either end, or leave it out.",
        )
        for prefix in ("", "trails/", "a*")
    ),
    (
        'trail = { notifications = { topic = { arn = "garbage" } } }',
        'trail.notifications.topic.arn is "garbage": write the whole ARN of a standard topic, such as'
        " arn:aws:sns:us-east-1:123456789012:log-files, or notifications = {} for one of its own.",
    ),
    (
        f'trail = {{ existing = {{ arn = "{TRAIL}", log_group_name = "a b" }} }}',
        'trail.existing.log_group_name is "a b": write the name of the log group that the trail'
        " delivers to, at"
        " most 512 letters, digits and ._-/#.",
    ),
    (
        f'trail = {{ existing = {{ arn = "{TRAIL}", bucket_name = "s3://b", log_group_name = "main" }} }}',
        'trail.existing.bucket_name is "s3://b": write the name of the trail\'s bucket, without s3://'
        " and without"
        " a prefix, or leave it out.",
    ),
    (
        "trail = { bucket_expiration_in_days = 1e300 }",
        "trail.bucket_expiration_in_days is 1e+300: S3 takes at most 2147483647. Write 0 to keep log"
        " files for"
        " good.",
    ),
    (
        "alarm = { threshold = 1e300 }",
        "alarm.threshold is 1e+300, more reads than Secrets Manager answers in 300 seconds (10000 a second in"
        " each region), so the alarm could never ring. Write the number of reads that should ring, such as"
        " 1.",
    ),
    (
        'kms_keys = { trail = { arn = "arn:aws:kms:us-east-1:111122223333:key/mrk-1" } }',
        "kms_keys holds a key of another region, but topics and log group are in eu-west-1: a key"
        " encrypts in"
        " its own region only. Write the ARN of a key in eu-west-1.",
    ),
    *(
        (
            f'secret = {{ name = "db", kms_key = {{ arn = "{arn}" }}, value_version = 0 }}',
            f'secret.kms_key.arn is "{arn}": write the whole ARN of a key in eu-west-1, where the'
            " secret is, such as"
            " arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, or leave"
            " kms_key out for"
            " one of its own.",
        )
        for arn in ("garbage", "arn:aws:kms:us-east-1:111122223333:key/mrk-1")
    ),
    (
        f'secret = {{ name = "{"x" * 513}", value_version = 0 }}',
        "secret.name has 513 characters: Secrets Manager takes 512.",
    ),
    (
        f'secret = {{ description = "{"x" * 2049}", name = "db", value_version = 0 }}',
        "secret.description has 2049 characters: Secrets Manager takes 2048.",
    ),
    (
        'secret = { name = "db", value_version = 1e300 }\nsecret_value = "x"',
        "secret.value_version is 1e+300, which is too large: write 1 at first, and one more"
        " for each"
        " new value.",
    ),
    (
        'secret = { name = "db" }\nsecret_value = ""',
        "secret_value is empty: Secrets Manager takes no empty value. Write secret.value_version = 0"
        " when somebody"
        " else writes the value.",
    ),
    (
        'secret = { name = "db" }\nsecret_value = join("", [for n in range(66) : format("%01000d", n)])',
        "secret_value is too long: Secrets Manager takes 65536 bytes. Keep a larger value elsewhere, "
        "encrypted with a key that the secret holds.",
    ),
]

# What variables.tf takes from main.tf.
ACCOUNT = """
locals {
  account = { dns_suffix = "amazonaws.com", id = "111122223333", partition = "aws", region = "eu-west-1" }

  global_region = "us-east-1"
}
"""

# Of which no check says that somebody might not be told.
QUIET = '{ email_addresses = [], global_events = "arn:aws:events:us-east-1:111122223333:rule/x" }'

PLAN = """
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com", partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1", name = "eu-west-1" }
  }

  mock_data "aws_cloudwatch_log_groups" {
    defaults = { log_group_names = ["main", "/aws/cloudtrail/secretwatch-eu"] }
  }
}

run "mistakes" {
  command = plan
}
"""


def sentence(diagnostic: dict[str, Any]) -> str:
    """What the module says, without where Terraform says that it stands."""
    return str(diagnostic.get("detail", "")).partition("\n\nThis was checked by")[0]


def arguments(mistake: str) -> list[str]:
    """What a call of the module is given that makes this one mistake."""
    lines = []
    if not re.search(r"^(email_addresses|topics) =", mistake, re.MULTILINE):
        lines.append("email_addresses = []")
    if not re.search(r"^(secret|secrets|watches) =", mistake, re.MULTILINE):
        lines.append('secrets = ["db"]')
    if not re.search(r"^self_watch =", mistake, re.MULTILINE):
        lines.append(f"self_watch = {QUIET}")
    return [*lines, mistake]


def calls(mistakes: dict[int, str], source: str) -> str:
    """One call of the module for each of these mistakes."""
    return "\n".join(
        "\n".join([f'module "mistake_{n}" {{', f'source = "{source}"', *arguments(mistake), "}"])
        for n, mistake in mistakes.items()
    )


def one_call(mistakes: dict[int, str]) -> str:
    """One call of the module with all of these mistakes: Terraform reads and checks it once."""
    given = "\n".join("\n".join([f"m{n} = {{", *arguments(mistake), "}"]) for n, mistake in mistakes.items())
    variables = re.findall(r'^variable "(\w+)"', (REPO / "variables.tf").read_text(), re.MULTILINE)
    return "\n".join(
        [
            f"locals {{\n mistakes = {{\n{given}\n}}\n}}",
            'module "mistake" {\n source = "../"\n for_each = local.mistakes',
            *(f"{name} = try(each.value.{name}, null)" for name in variables),
            "}",
        ]
    )


@pytest.fixture(scope="module")
def refusals(terraform: Any) -> Counter[str]:
    """Sentences that answer root modules that make every mistake of the table.

    What is wrong with the module's variables by themselves is said by variables.tf alone, which is a module,
    too, and much cheaper than the whole. The mistakes that are left are made in plans. What is wrong early in
    the module hides what comes later: mistakes that were answered are left out of the next plan.
    """
    alone = terraform.module / "variables-alone"
    alone.mkdir()
    for name in ("variables.tf", "versions.tf"):
        shutil.copy(terraform.module / name, alone)
    (alone / "main.tf").write_text(ACCOUNT)

    mistakes = dict(enumerate(mistake for mistake, _ in REFUSED))
    said = validated(terraform, "refused", calls(mistakes, "../variables-alone"))
    answers = said
    for number in count():
        mistakes = {n: mistake for n, mistake in mistakes.items() if REFUSED[n][1] not in answers}
        if not mistakes or not answers:
            break
        answers = planned(terraform, f"refused-{number}", one_call(mistakes)) - said
        said += answers
    if mistakes:
        # Some were not answered as they should be, and would hide others.
        said += planned(terraform, "refused-apart", calls(mistakes, "../")) - said
    return said


def validated(terraform: Any, name: str, text: str) -> Counter[str]:
    root = terraform.new_root(name, text)
    with pytest.raises(TerraformFailed) as failed:
        terraform.run(root, "validate", "-json")
    output = failed.value.output
    return Counter(map(sentence, json.loads(output[output.index("{") :])["diagnostics"]))


def planned(terraform: Any, name: str, text: str) -> Counter[str]:
    # A mocked provider stands in for one that the root module names.
    provider = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
    root = terraform.new_root(name, provider + text)
    (root / "refused.tftest.hcl").write_text(PLAN)
    terraform.run(root, "init")
    try:
        output = terraform.run(root, "test", "-json")
    except TerraformFailed as failed:
        output = failed.output
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return Counter(
        sentence(line["diagnostic"])
        for line in lines
        if line["type"] == "diagnostic" and line["diagnostic"]["severity"] == "error"
    )


@pytest.mark.parametrize(("mistake", "answer"), REFUSED, ids=[mistake for mistake, _ in REFUSED])
def test_a_mistake_is_answered_by_a_sentence(refusals: Counter[str], mistake: str, answer: str) -> None:
    assert refusals[answer] == [said for _, said in REFUSED].count(answer)


def test_nothing_else_is_said(refusals: Counter[str]) -> None:
    unexpected = sorted(set(refusals) - {answer for _, answer in REFUSED})
    assert not unexpected, "\n".join(unexpected)


@pytest.fixture(scope="module")
def results(terraform: Any) -> list[dict[str, Any]]:
    """What `terraform test -json` says, line by line."""
    folder = terraform.module / "tests" / "hcl"
    folder.mkdir(parents=True)
    for file in HERE.glob("*.tftest.hcl"):
        shutil.copy(file, folder)
    terraform.run(terraform.module, "init", "-test-directory=tests/hcl")
    try:
        output = terraform.run(terraform.module, "test", "-test-directory=tests/hcl", "-json")
    except TerraformFailed as failed:
        output = failed.output
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("file", sorted(HERE.glob("*.tftest.hcl")), ids=lambda file: file.name.split(".")[0])
def test_every_run_passes(results: list[dict[str, Any]], file: Path) -> None:
    path = f"tests/hcl/{file.name}"
    runs = re.findall(r'^run "(\w+)"', file.read_text(), re.MULTILINE)
    ended = {
        line["test_run"]["run"]: line["test_run"]["status"]
        for line in results
        if line["type"] == "test_run" and line["@testfile"] == path and "status" in line["test_run"]
    }
    complaints = [
        f"{line.get('@testrun')}: {line['diagnostic']['summary']}: {sentence(line['diagnostic'])}"
        for line in results
        if line["type"] == "diagnostic" and line.get("@testfile") == path
    ]
    assert ended == dict.fromkeys(runs, "pass"), "\n".join(complaints)
