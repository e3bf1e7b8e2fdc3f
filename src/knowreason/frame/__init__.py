"""Tables: the rows of a run directory from the records of each trace, and the summary over all of them."""

from knowreason.frame.calibrated import calibration_of
from knowreason.frame.labelled import labelled_claims
from knowreason.frame.runs import read_runs
from knowreason.frame.scores import Audited
from knowreason.frame.statistics import cell_seed
from knowreason.frame.summarise import joined_rows, open_tables, read_summary, summarise, write_summary
from knowreason.frame.summary import (
    Agreement,
    Cell,
    Instruments,
    KnowledgeSummary,
    Measure,
    OtherGain,
    SharedFamily,
    Summary,
)
from knowreason.frame.tables import SCHEMAS, rows_of

__all__ = [
    "SCHEMAS",
    "Agreement",
    "Audited",
    "Cell",
    "Instruments",
    "KnowledgeSummary",
    "Measure",
    "OtherGain",
    "SharedFamily",
    "Summary",
    "calibration_of",
    "cell_seed",
    "joined_rows",
    "labelled_claims",
    "open_tables",
    "read_runs",
    "read_summary",
    "rows_of",
    "summarise",
    "write_summary",
]
