from tests.uncertain_densepose.evaluation.conftest import flat_distance, flat_surface  # noqa: F401
