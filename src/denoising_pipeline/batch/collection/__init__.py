"""Collections that outgrow one machine: the same batch, shared by the processes of a cluster."""
