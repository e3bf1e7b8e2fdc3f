"""The subcommands, one file each: a thin page over the work, which is imported when it is needed."""
