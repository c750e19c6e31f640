from .page import REPORT_FILE as REPORT_FILE
from .page import TEMPLATES as TEMPLATES
from .page import report_files as report_files
