"""May this caller make this call? LocalStack's community edition lets everybody do everything.

decide      the question itself, asked of every call
services    the same of AWS services that act for somebody: a file for what they reach
principals  what is known of a caller: policies, condition keys
resources   what is known of that which a call is about: ARN, owner, policy, tags
anonymous   what everybody may do
"""
