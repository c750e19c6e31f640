from .protocol import protocol_files as protocol_files
from .protocol import write_protocol as write_protocol
