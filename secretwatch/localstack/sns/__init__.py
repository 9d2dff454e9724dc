"""SNS: topics and subscriptions that refuse what AWS refuses, and e-mails with AWS's subject and body."""
