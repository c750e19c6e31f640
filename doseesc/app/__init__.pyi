from .limits import Limits as Limits
from .limits import Trusted as Trusted
from .routes import application as application
from .server import NoAddress as NoAddress
from .server import serve as serve
from .settings import Settings as Settings
