"""Names and shapes of the tensors in the checkpoints that DensePose publishes.

`head` and `predictor` are relative to `roi_heads.`; C channels in, D channels of the head.
"""

CHARTS = 25
UV_LAYERS = {
    "iid_iso": ("sigma_2",),
    "indep_aniso": ("sigma_2", "kappa_u", "kappa_v"),
}


def v1convx_names(channels, dim, num_convs):
    names = {}
    for k in range(1, num_convs + 1):
        names[f"densepose_head.body_conv_fcn{k}.weight"] = (dim, channels if k == 1 else dim, 3, 3)
        names[f"densepose_head.body_conv_fcn{k}.bias"] = (dim,)
    return names


def deeplab_names(channels, dim, num_convs, non_local=False):
    head, c = "densepose_head.", channels
    names = {f"{head}ASPP.convs.0.0.weight": (c, c, 1, 1)}
    for k in (1, 2, 3):
        names[f"{head}ASPP.convs.{k}.0.weight"] = (c, c, 3, 3)
    names[f"{head}ASPP.convs.4.1.weight"] = (c, c, 1, 1)
    for k in range(5):
        norm = 2 if k == 4 else 1
        names[f"{head}ASPP.convs.{k}.{norm}.weight"] = (c,)
        names[f"{head}ASPP.convs.{k}.{norm}.bias"] = (c,)
    names[f"{head}ASPP.project.0.weight"] = (c, 5 * c, 1, 1)
    if non_local:
        for layer in ("g.0", "theta", "phi.0"):
            names[f"{head}NLBlock.{layer}.weight"] = (c // 2, c, 1, 1)
            names[f"{head}NLBlock.{layer}.bias"] = (c // 2,)
        names[f"{head}NLBlock.W.0.weight"] = (c, c // 2, 1, 1)
        for layer in ("W.0.bias", "W.1.weight", "W.1.bias"):
            names[f"{head}NLBlock.{layer}"] = (c,)
    for k in range(1, num_convs + 1):
        names[f"{head}body_conv_fcn{k}.weight"] = (dim, c if k == 1 else dim, 3, 3)
        names[f"{head}body_conv_fcn{k}.norm.weight"] = (dim,)
        names[f"{head}body_conv_fcn{k}.norm.bias"] = (dim,)
    return names


def predictor_names(dim, coarse_channels, uv_confidence=None, segm_confidence=False):
    channels = {"ann_index": coarse_channels, "index_uv": CHARTS, "u": CHARTS, "v": CHARTS}
    channels |= dict.fromkeys(UV_LAYERS.get(uv_confidence, ()), CHARTS)
    if segm_confidence:
        channels |= {"fine_segm_confidence": 1, "coarse_segm_confidence": 1}
    names = {}
    for name, count in channels.items():
        names[f"densepose_predictor.{name}_lowres.weight"] = (dim, count, 4, 4)
        names[f"densepose_predictor.{name}_lowres.bias"] = (count,)
    return names


def decoder_names(channels, conv_dim, classes):
    names = {"decoder.predictor.weight": (classes, conv_dim, 1, 1)}
    names["decoder.predictor.bias"] = (classes,)
    for level, layers in {"p2": (0,), "p3": (0,), "p4": (0, 2), "p5": (0, 2, 4)}.items():
        for k in layers:
            source = channels if k == 0 else conv_dim
            names[f"decoder.{level}.{k}.weight"] = (conv_dim, source, 3, 3)
            names[f"decoder.{level}.{k}.bias"] = (conv_dim,)
    return names
