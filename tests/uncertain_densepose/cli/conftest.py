from tests.published_models import by_name, own_cache, published

__all__ = ["by_name", "own_cache", "published"]
