"""Who made a request: by its access key, by its signature, by a presigned URL, by hand in the console."""
