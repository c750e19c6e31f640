from .fit_files import write_fit as write_fit
