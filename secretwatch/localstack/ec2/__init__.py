"""EC2: what Terraform asks of it beside a watch, in AWS's words."""
