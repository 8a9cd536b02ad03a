"""People to look at, made once."""

import pytest

from synthetic_people.body import BodyModel
from synthetic_people.person import PersonMaker


@pytest.fixture(scope="session")
def model() -> BodyModel:
    return BodyModel.shared()


@pytest.fixture(scope="session")
def person_maker(embedded_surface) -> PersonMaker:
    return PersonMaker.create(embedded_surface)
