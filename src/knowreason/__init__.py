"""knowreason: knowledge and reasoning, measured separately at every step of a trace."""

__version__ = "0.1.0"
