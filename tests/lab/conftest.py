from tests.lab.experiments.conftest import crop_folder, use_crop_data  # noqa: F401
