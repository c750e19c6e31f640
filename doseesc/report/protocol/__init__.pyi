from .protocol import PROTOCOL_FILES as PROTOCOL_FILES
from .protocol import protocol_files as protocol_files
