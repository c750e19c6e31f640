from .protocol import protocol_files as protocol_files
from .protocol import write_protocol as write_protocol
from .text_blocks import Block as Block
from .text_blocks import captioned as captioned
from .text_blocks import numbered as numbered
from .text_blocks import paragraphs as paragraphs
from .word import About as About
from .word import word_document as word_document
