from .pages import GUIDE_TOPICS as GUIDE_TOPICS
from .pages import GuidePage as GuidePage
from .pages import UnknownGuideTopic as UnknownGuideTopic
from .pages import guide_page as guide_page
from .pages import guide_pages as guide_pages
