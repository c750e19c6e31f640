from .evidence_blocks import failing_rows as failing_rows
from .evidence_blocks import verdict_words as verdict_words
from .evidence_files import EVIDENCE_FILES as EVIDENCE_FILES
from .evidence_files import evidence_files as evidence_files
