"""A zoo with a model that others published, and the server that has its file."""

import contextlib
import json
import pickle
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.model_factory import make_config, make_model
from uncertain_densepose import model_zoo
from uncertain_densepose.model_zoo import ModelZoo
from uncertain_densepose.weights_file import sha256_of

NAME = "densepose/R_50_FPN_WC2_s1x"
AP = {"bbox": 60.7, "segm": 66.9, "densepose_gps": 64.2, "densepose_gpsm": 65.7}


class _Handler(SimpleHTTPRequestHandler):
    """Files of a folder; what was asked for is kept."""

    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()

    def send_header(self, keyword, value):
        if keyword == "Content-Length" and self.server.promised:
            # More than is sent: what a connection that breaks off looks like.
            value = self.server.promised
        super().send_header(keyword, value)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder, promised=0):
    """A server of a folder on this machine; `address` is its own, `asked` what it was asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=folder)) as server:
        server.asked, server.promised = [], promised
        server.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """An empty cache of downloads, and no proxy on the way to this machine."""
    monkeypatch.setenv("FVCORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "cache"


def published_config():
    """The config of a small model with DensePose's second noise model."""
    cfg = make_config("indep_aniso", "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.EPSILON", "0.01")
    cfg.DATASETS.TEST = ("densepose_coco_2014_minival",)
    return cfg


def write_published(folder, model):
    """The file of a model in the form of Detectron2's zoo, named after its hash."""
    arrays = {name: values.numpy() for name, values in model.state_dict().items()}
    content = {"model": arrays, "__author__": "Third Party", "matching_heuristics": False}
    return write_named(folder, pickle.dumps(content))


def write_named(folder, content):
    """A file with this content, named after its hash, where the server looks for it."""
    path = folder / "densepose/wc2/173861455/model_final.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path.rename(path.with_name(f"model_final_{sha256_of(path)[:6]}.pkl"))


def write_zoo(folder, cfg, address, file):
    """A zoo with one published model, `NAME`, at the address of a server."""
    config = folder / "configs" / f"{NAME}.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(cfg.dump())
    (folder / "index.json").write_text("{}\n")
    row = {
        "address": f"{address}/densepose/wc2/173861455/{file.name}",
        "sha256_begins": file.stem[-6:],
        "model_id": "173861455",
        "metrics": {task: {"AP": value} for task, value in AP.items()},
    }
    shared = {"licence": "CC BY-SA 3.0", "source": "https://example.org/zoo"}
    (folder / "published.json").write_text(json.dumps({**shared, "models": {NAME: row}}))
    return ModelZoo(folder)


@pytest.fixture
def published(tmp_path, own_cache):
    """The zoo, the published file in the server's folder, the model, and the server."""
    cfg = published_config()
    model = make_model(cfg, seed=5)
    file = write_published(tmp_path / "web", model)
    with served(tmp_path / "web") as server:
        yield write_zoo(tmp_path / "zoo", cfg, server.address, file), file, model, server


@pytest.fixture
def by_name(published, monkeypatch):
    """`published`, whose model is found by its name in place of the project's own."""
    monkeypatch.setattr(model_zoo, "get_config_file", published[0].get_config_file)
    monkeypatch.setattr(model_zoo, "get_checkpoint", published[0].get_checkpoint)
    return published
