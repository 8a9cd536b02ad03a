from tests.uncertain_densepose.model_zoo.conftest import file, zoo

__all__ = ["file", "zoo"]
