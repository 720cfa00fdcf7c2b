"""Many runs: executors, resume, comparison of runs."""
