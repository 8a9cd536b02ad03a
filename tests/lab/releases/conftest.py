from tests.uncertain_densepose.model_zoo.conftest import file, own_cache, published, zoo

__all__ = ["file", "own_cache", "published", "zoo"]
