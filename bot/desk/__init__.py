"""Who carries out what people ask of the service: jobs, answers, approvals, quotas."""
