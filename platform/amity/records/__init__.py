"""The one gate: records are read and changed through `amity.records.service.Records` and nowhere else."""
