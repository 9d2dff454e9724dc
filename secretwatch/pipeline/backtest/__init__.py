"""History read, and a watch tried on it: files and buckets, workers, the store of what matched.

    planned   what is tested, out of a plan, a state or a root module
    untested  what of it is not tested, and why
    sources   where history is: files, folders, a bucket
    decode    bytes of a file in, hits out: quickly where it is a log file, else by the one reader
    scan      all files, on all cores
    store     hits, each once, on disk beyond what fits
    run       the result of a filled store

What matches and what rings is decided in `secretwatch.backtest`.
"""
