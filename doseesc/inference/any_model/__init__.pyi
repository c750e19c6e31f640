from . import nuts_fits as nuts_fits
from .from_pymc import SAMPLING as SAMPLING
from .model_function import ModelError as ModelError
from .nuts_fits import Sampler as Sampler
from .posterior import PosteriorText as PosteriorText
from .posterior import answers_alone as answers_alone
from .posterior import posterior_of_model as posterior_of_model
