"""The steps of a job's life, each a function of the job's row: what to do, and what to write down."""
