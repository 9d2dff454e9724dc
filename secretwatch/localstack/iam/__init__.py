"""IAM: the policies that AWS manages, and ids as IAM gives them."""
