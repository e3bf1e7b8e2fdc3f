"""Reports: a table in the terminal, and one self-contained page for the browser."""

from knowreason.report.page import write_report
from knowreason.report.terminal import print_summary

__all__ = ["print_summary", "write_report"]
