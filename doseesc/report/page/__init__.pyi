from .page import REPORT_FILE as REPORT_FILE
from .page import report_files as report_files
from .truth_panel import PANEL_SCRIPTS as PANEL_SCRIPTS
from .truth_panel import PANEL_STYLE as PANEL_STYLE
from .truth_panel import panel_paths as panel_paths
from .truth_panel import truth_panel_data as truth_panel_data
