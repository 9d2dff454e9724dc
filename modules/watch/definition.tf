# What a watch means, before it is written in the language of any engine: which events of which secrets
# count, and whose do not. The filters here and the rules in modules/realtime are both made from this.

locals {
  # Every call that names its secret as requestParameters.secretId, and the two that read.
  api_calls = [
    "BatchGetSecretValue", "CancelRotateSecret", "DeleteResourcePolicy", "DeleteSecret", "DescribeSecret", "GetResourcePolicy",
    "GetSecretValue", "ListSecretVersionIds", "PutResourcePolicy", "PutSecretValue", "RemoveRegionsFromReplication",
    "ReplicateSecretToRegions", "RestoreSecret", "RotateSecret", "StopReplicationToReplica", "TagResource", "UntagResource",
    "UpdateSecret", "UpdateSecretVersionStage",
  ]

  # Shortened where a * leaves no doubt, since these stand in every pattern.
  event_sets = {
    changes = ["CancelRotateSecret", "Delete*", "Put*", "Remove*", "Replicate*", "RestoreSecret", "RotateSecret", "StopReplication*", "TagResource", "UntagResource", "Update*"]
    reads   = ["BatchGetSecretValue", "GetSecretValue"]
    touches = ["*"]
  }

  # Whatever names the secret, by its name alone: nothing else is left of the others then.
  touches = contains(var.events, "touches")
  events  = local.touches ? ["*"] : sort(distinct(flatten([for event in var.events : lookup(local.event_sets, event, [event])])))
  batch   = local.touches || contains(local.events, "BatchGetSecretValue")

  # Calls that are about no secret that exists, so that they name none: of others it cannot be told.
  about_none = ["CreateSecret", "GetRandomPassword", "ListSecrets", "ValidateResourcePolicy"]

  # Sum says what is meant: so many reads. What is deployed for that is main.tf's.
  wrong_statistics = {
    Average     = "each read is a 1, so it is 1 however many reads there are, and where other events are zeros one read among four averages 0.2"
    Maximum     = "each read is a 1, so it stays 1 however many reads there are"
    Minimum     = "each read is a 1, so it stays 1 however many reads there are, and one other value hides them all"
    SampleCount = "it counts values, whatever they are, and not reads"
  }

  ################################################################################
  # Who
  ################################################################################

  principal = "^(arn:[a-z-]+:iam::[0-9]{12}:((role|user)/([A-Za-z0-9+=,.@_/-]+[*]?|[*])|root)|[a-z0-9.-]+[.]amazonaws[.]com([.]cn)?)$"

  # Nothing here decides how many there are of anything: an ARN may be known only after its role is created.
  except = {
    # A role's sessions have ARNs of their own; who issued them does not change.
    issuers  = [for principal in var.except : principal if can(regex(":role/", principal))]
    services = [for principal in var.except : principal if !startswith(principal, "arn:")]
    users    = [for principal in var.except : principal if can(regex(":(user/|root$)", principal))]
  }

  ################################################################################
  # Which secrets
  ################################################################################

  # Services name secrets of their own with a !, as in rds!cluster-... Lengths are checked apart: an expression that
  # counts to 512 takes a millisecond, for each secret and several times in a plan.
  secret   = "^([*]|(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@!-]+|[A-Za-z0-9/_+=.@!-]+[*])$"
  complete = "^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:([0-9]{12}):secret:(.+)-([A-Za-z0-9]{6})$"
  partial  = "^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:([0-9]{12}):secret:(.+)$"

  is_all   = contains(var.secrets, "*")
  prefixes = local.is_all ? [] : sort([for secret in var.secrets : trimsuffix(secret, "*") if endswith(secret, "*")])
  named    = local.is_all ? [] : sort([for secret in var.secrets : secret if !endswith(secret, "*")])

  # Whose account a secret is: "" is this one's, which may be known later than all else, null any. Where only this
  # account's calls are recorded, no other's secrets are watched.
  #
  # Whose six last characters are known: a replica in another region has the same.
  arns = [for secret in local.named : secret if startswith(secret, "arn:")]
  whole = distinct([for found in [for arn in local.arns : regex(local.complete, arn) if can(regex(local.complete, arn))] : {
    account = var.organization ? found[0] : ""
    name    = found[1]
    suffix  = found[2]
  }])

  # Or will be, once a name is looked up. That may be late, so how many there are and how long is known without.
  looked_up = [for name in local.named : name if contains(keys(var.resolved), name) && !(!var.organization && contains(local.whole[*].name, name))]
  known = concat(local.whole, [for name in local.looked_up : {
    account = ""
    name    = name
    suffix  = trimprefix(split(":secret:", var.resolved[name])[1], "${name}-")
  }])

  # Whose are not: names that were not looked up, and partial ARNs.
  unknown = distinct(concat(
    [for name in local.named : { account = var.organization ? null : "", name = name } if !startswith(name, "arn:") && !contains(keys(var.resolved), name)],
    [for found in [for arn in local.arns : regex(local.partial, arn) if !can(regex(local.complete, arn))] : { account = var.organization ? found[0] : "", name = found[1] }],
  ))

  # A given ARN that ends in a hyphen and six characters has two readings: the whole ARN of app, or the ARN without
  # its suffix of app-secret. Only a look-up can tell, so both count. A suffix is random: of 40 fewer than one looks
  # like a word or a number, so one that does is the end of a name more often, and then it has siblings, from which
  # regular expressions keep it apart: of three such ARNs at most, as a log group takes five filters with some.
  # Where there are some anyway, they serve for all.
  word = "^([A-Z]?[a-z]*|[A-Z]*)[0-9]*$"
  few  = length(local.known) + length(local.prefixes) <= 10
  maybe_names = [for known in local.few ? local.whole : [] : { account = known.account, name = "${known.name}-${known.suffix}" } if length(known.name) <= 100 && (
    contains([1, 2, 3], length(local.unknown)) || can(regex(local.word, known.suffix))
  )]
  by_expressions = !local.few ? [] : concat(local.unknown, length(local.maybe_names) <= 3 ? local.maybe_names : [])

  # How the second reading counts: not at all, by regular expressions, exactly but for a sibling's ARN without its
  # suffix, or (of hundreds) by whatever holds the end of the ARN, which if random no other secret's id does.
  # owner, member: its account, and that in front of an ARN's secret: where accounts have secrets of the same name.
  meant = [for index, known in local.known : merge(known, {
    end    = "${known.name}-${known.suffix}"
    member = var.organization ? ":${known.account == "" ? var.account.id : known.account}:" : ""
    owner  = known.account == "" ? var.account.id : known.account
    second = index >= length(local.whole) ? "no" : !local.few ? "loosely" : contains(local.by_expressions, { account = known.account, name = "${known.name}-${known.suffix}" }) ? "by expressions" : "exactly"
  })]

  names = sort(distinct(concat(local.known[*].name, local.unknown[*].name)))

  # A batch is held against each id only where that takes few filters (a pattern has three wildcards, an id three
  # forms). Above that it counts when one of its ids begins as all watched ones do: rather one alarm too many.
  batch_is_exact = local.few
  starts         = concat(local.known[*].name, local.prefixes)
  common_start = length(local.starts) == 0 ? "" : substr(local.starts[0], 0, max(
    [for size in range(0, min([for start in local.starts : length(start)]...) + 1) : size if length(distinct([for start in local.starts : substr(start, 0, size)])) == 1]...
  ))
}
