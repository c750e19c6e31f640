from .page import REPORT_FILE as REPORT_FILE
from .page import report_files as report_files
from .sweep_page import sweep_files as sweep_files
