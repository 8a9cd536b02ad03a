"""The longer help texts of tools/apply_net.py."""

IMAGES_HELP = """\
IMAGE is an image, a video, a folder or a quoted pattern such as "shots/**/*.jpg". A folder means
all images in it and below it, but not its videos; results keep its structure. Any other file gives
results named after it, without its folder; two files of the same name are refused. Each frame of a
video is an image, NAME/<frame>. Images are processed in natural order, img2 before img10.

The same command resumes an interrupted run: images that have complete results and have not changed
since are skipped. If --out holds results of another model or other options, the run is refused;
--overwrite deletes them first. An image that cannot be read does not stop the run: it is listed at
the end, and the exit status is then 1.
"""

LAYERS = {
    "box": "Boxes with number and score.",
    "part": "The 24 charts, a colour each.",
    "probability": "The network's probability of the shown part.",
    "uv": "U and V, two pictures.",
    "isolines": "Lines of equal u and of equal v.",
    "sigma": "The standard deviation in centimetres.",
    "sigma_uv": "The standard deviation in chart units.",
    "ellipses": "Covariance ellipses, carried back to the image.",
    "samples": "Random draws of the joint error, a picture each.",
}
"""The layers of `visualization.picture_layers`, each with the first line of its docstring."""

LAYERS_HELP = "\n".join(f"  {name:12} {text}" for name, text in LAYERS.items())

SHOW_HELP = f"""\
Writes NAME.png for each image: the pictures of --pictures side by side. Commas separate pictures,
"+" draws one layer over another. Layers:
{LAYERS_HELP}
A sample is a random draw from the joint distribution of all errors: the hue is the direction of the
error in the chart, the strength its length. Where the model shares an error over a part (noise
model full) the part has one colour; independent errors look like grain.

example:
  python tools/apply_net.py show photos --model synth/unc_full_small --out output/shown \\
      --pictures part,sigma+ellipses
"""

DUMP_HELP = """\
formats:
  npz   NAME.npz, read by inference.load_people. Person i has the maps "i/part", "i/uv",
        "i/covariance_uv", "i/sigma_uv", "i/sigma_cm" and "i/part_probability", NaN on background;
        "i/window", the pixels x0, y0, x1, y1 that they cover; "i/box", "i/score" and
        "i/shared_covariance". Models without a noise model have no covariances, and charts whose
        surface is not here no centimetres.
        predictions.json lists the people of all images: file_name, of a video frame and time_s
        (seconds since its first frame), bbox (x, y, width, height), score, and the file and number
        of their maps.
  coco  coco_results.json, for COCO-DensePose's evaluators and tools/evaluate.py
  Pictures of the image's size, for programs that take DensePose's. Where people overlap, the one
  with the highest score is on top.
  iuv     NAME_IUV.png: I (the chart, 1..24), 255 U and 255 V in blue, green and red, so that
          cv2.imread returns them in this order; 0 on background
  inds    NAME_INDS.png: grey, 0 on background, else 1 + the number of the person, highest score
          first; of 16 bits if there are more than 255
  parts   NAME_parts.png: the charts in DensePose's colours (OpenCV's parula) on black
  cutout  NAME_cutout.png: the image, transparent where nobody is

example:
  python tools/apply_net.py dump "photos/*.jpg" --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/dumped
  python tools/apply_net.py dump photo.jpg --model synth/unc_full_small --out output/iuv \
      --format iuv inds parts cutout
"""

SURFACE_HELP = """\
Writes NAME.person<i>.png: the image with the person's box, and the body from the front, the back
and both sides, coloured by the mean standard deviation of the pixels that show each place. Places
that no pixel shows are grey. People are numbered from 0, highest score first. The surface must have
geodesic distances; for the embedded body, run tools/build_surface.py once.

example:
  python tools/apply_net.py surface photo.jpg --model synth/unc_full_small --out output/bodies
"""
