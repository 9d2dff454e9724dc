"""STS: temporary keys that stand for somebody, a service among them."""
