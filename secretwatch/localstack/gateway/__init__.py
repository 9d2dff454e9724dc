"""What happens to each request before a service answers it: who is let in, what is kept, what is refused."""
