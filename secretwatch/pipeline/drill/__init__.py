"""The drill: a read that is announced, so that every way out of a watch carries a message now.

notice     the message that is sent before the read                             (pure)
caller     who makes the drill, and whether a watch leaves them out
receivers  the subscriptions of a topic, and what each of them should get
letterbox  looking at what came: in queues, and in the local cloud's inbox
record     what happened, and whether every way out carried it; as JSON         (pure)
page       the record as one HTML page                                          (pure)
verdict    what the messages that were seen say: what is still to come, who got nothing
run        the drill itself, on top of the smoke test's parts
"""
