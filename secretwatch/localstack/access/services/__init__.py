"""May an AWS service do what it was set up to do, by the policies that LocalStack keeps and does not look at?

Here: which action, resource and condition keys a service's call stands for, and where LocalStack's stores
have the policy that decides. What a policy means is decided in ``policy``. Each ``…_refusal`` answers None
where the service may, and otherwise why not. Nothing is asked over HTTP: these run for every delivery.

buckets, keys, log_groups, topics, queues   what is delivered to, and what encrypts it
roles       what a service assumes to get there
delivering  the same as the errors that delivery meets
stored      policies as LocalStack's and moto's stores have them
"""
