"""knowreason: knowledge and reasoning, measured separately at every step of a trace."""
