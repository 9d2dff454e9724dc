"""Amazon Q Developer in chat applications: its API, and what its channels show of a topic's messages."""
