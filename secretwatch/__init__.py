"""secretwatch: an alarm for every read of an AWS secret, and the proof that it would ring.

The rooms: ``filterpattern``, ``alarm`` and ``cloudtrail`` hold AWS's rules as pure functions;
``localstack`` is the plugin that gives LocalStack what it lacks; ``local`` starts and stops that
local cloud; ``pipeline`` looks at a deployed watch through AWS's APIs; ``cli`` is the command.
"""
