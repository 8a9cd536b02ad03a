"""The texts that explain tools/apply_net.py."""

IMAGES_HELP = """\
IMAGE is an image, a video, a folder, or a quoted pattern such as "shots/**/*.jpg". A folder stands
for the images in it and in all folders below it (its videos are to be named one by one), and the
results keep its structure. Other files are named without their folder, and two that would share a
name are refused. Of a video every frame is an image, NAME/<frame>. All are worked through in
natural order, img2 before img10.

A run that was cut short goes on when it is started again: images whose results are complete and
which have not changed since are skipped. Results of another model or other options in --out are
refused; --overwrite removes them first. Images that cannot be read stop nothing: they are listed
at the end, and the exit status is then 1.
"""

LAYERS = {
    "box": "Boxes with number and score.",
    "part": "The 24 charts, a colour each.",
    "probability": "How likely the shown part is, by the network.",
    "uv": "U and V, two pictures.",
    "isolines": "Lines of equal u and of equal v.",
    "sigma": "The standard deviation in centimetres.",
    "ellipses": "Covariances, carried back to the image.",
    "samples": "Draws of the joint error, a picture each.",
}
"""Of `visualization.picture_layers`, by name."""

LAYERS_HELP = "\n".join(f"  {name:12} {text}" for name, text in LAYERS.items())

SHOW_HELP = f"""\
pictures of --pictures, divided by commas; "+" lays one over the other:
{LAYERS_HELP}
samples are draws from the joint distribution of all errors: the hue is the direction of the error
in the chart, the strength its length. Where the model shares an error over a part (full), the part
has one colour; independent errors are grain.

example:
  python tools/apply_net.py show photos --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/shown --pictures part,sigma+ellipses
"""

DUMP_HELP = """\
  npz   NAME.npz: the maps of person i under "i/part", "i/uv", "i/covariance_uv", "i/sigma_uv",
        "i/sigma_cm", "i/part_probability"; "i/window" is x0, y0, x1, y1, the pixels that they
        cover; and "i/box", "i/score", "i/shared_covariance". NaN in a map is background. Models
        without a noise model have no covariances. inference.load_people reads it.
        predictions.json lists the people of all images: file_name, frame (of a video), bbox (x, y,
        width, height), score, and where their maps are.
  coco  coco_results.json, which COCO-DensePose's evaluators and tools/evaluate.py read

example:
  python tools/apply_net.py dump "photos/*.jpg" --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/dumped
"""

SURFACE_HELP = """\
NAME.person<i>.png has the image with the person's box, and the body from the front, the back and
the sides in the colours of the mean standard deviation of the pixels that show a place; places
that no pixel shows are grey. People are numbered by falling score, from 0. It needs distances on
the body: of the embedded body, once, tools/build_surface.py.

example:
  python tools/apply_net.py surface photo.jpg --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/bodies
"""
