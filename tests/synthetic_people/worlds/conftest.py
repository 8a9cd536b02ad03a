"""Views to click on, rendered once."""

import pytest

from synthetic_people.worlds.part_views import PartViews


@pytest.fixture(scope="session")
def part_views(embedded_surface) -> PartViews:
    return PartViews(embedded_surface)
