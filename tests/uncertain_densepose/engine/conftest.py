"""What the tests of the engine share."""

import logging

import pytest


@pytest.fixture
def log(caplog):
    """What Detectron2's loggers say, which may not pass it on to those above."""
    loggers = [logging.getLogger(name) for name in ("detectron2", "fvcore")]
    caplog.set_level(logging.INFO)
    silent = [logger for logger in loggers if not logger.propagate]
    for logger in silent:
        logger.addHandler(caplog.handler)
    yield caplog
    for logger in silent:
        logger.removeHandler(caplog.handler)
