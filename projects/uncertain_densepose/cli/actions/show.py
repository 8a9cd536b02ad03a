"""Pictures of images and videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ...atomic_file import replacing
from ...choices import DEFAULT_PICTURES
from ...inference import ImageSource, VideoFile
from ...visualization import (
    PictureStyle,
    at_picture_size,
    encode_animation,
    error_frames,
    make_panels,
    panel_grid,
    parse_pictures,
    write_video,
)
from ...visualization.picture_grid import WheelScale
from ...visualization.picture_layers import (
    needs_centimetres,
    needs_noise_model,
    people_panel,
    with_own_scale,
)
from ..apply_options import VIDEO_VMAX_CM
from ..image_run import ImageResults
from ..run_folder import RunFolder
from .action import Action, ActionError, noise_model_missing, write_png


class Show(Action):
    """Writes NAME.png, the chosen pictures of an image side by side.

    Args:
        out: the output folder.
        pictures: for `visualization.parse_pictures`; by default those of `DEFAULT_PICTURES` that
            the model can give.
        style: settings of all pictures.
        side: longer side of a picture in pixels, see `at_picture_size`.
        animation: one of `ANIMATION_FORMATS`, to also write NAME.samples.<animation>, a loop of
            samples of the joint error.
        video: also write NAME.mp4, the pictures of each video. A style without a scale then gets
            `VIDEO_VMAX_CM`.

    Raises:
        PictureNameError: there is no such layer.
    """

    def __init__(
        self,
        out: Path,
        pictures: str | None = None,
        style: PictureStyle | None = None,
        side: int | None = None,
        animation: str | None = None,
        video: bool = False,
    ):
        super().__init__(out)
        self._asked_for = pictures is not None
        self._pictures = parse_pictures(DEFAULT_PICTURES if pictures is None else pictures)
        self._style = style or PictureStyle()
        if video and self._style.vmax_cm is None:
            self._style = replace(self._style, vmax_cm=VIDEO_VMAX_CM)
        self._side, self._animation, self._video = side, animation, video

    def take_sources(self, sources):
        if self._video and not any(isinstance(source, VideoFile) for source in sources):
            raise ActionError("--video: none of the images is a video")

    def take_model(self, cfg, metric):
        """See :meth:`Action.take_model`; prints how the default pictures are changed.

        Raises:
            ActionError: a requested picture shows uncertainty, and the model predicts none; or it
                shows centimetres, and the surface is unknown.
        """
        missing = noise_model_missing(cfg)
        if missing is not None:
            self._leave_out(missing, needs_noise_model, "there is no error to animate")
        if metric.unknown is not None:
            self._take_chart_units(metric.unknown)

    def _take_chart_units(self, unknown: str) -> None:
        """Show standard deviations in chart units, unless centimetres were asked for."""
        shown = [["sigma_uv" if name == "sigma" else name for name in p] for p in self._pictures]
        if not self._asked_for and shown != self._pictures:
            self._pictures = shown
            print(f"{unknown}: shows sigma_uv in place of sigma")
        self._leave_out(unknown, needs_centimetres, "errors are animated in centimetres")

    def _leave_out(self, why: str, cannot: Callable[[Sequence[str]], bool], animation: str) -> None:
        """Drop pictures that cannot be given; refuse those that were asked for."""
        impossible = ["+".join(names) for names in self._pictures if cannot(names)]
        self._pictures = [names for names in self._pictures if not cannot(names)]
        if self._animation is not None:
            raise ActionError(f"{why}: {animation}")
        if impossible and self._asked_for:
            raise ActionError(f"{why}: it cannot give the pictures {', '.join(impossible)}")
        if impossible:
            print(f"{why}: its pictures are without {', '.join(impossible)}")

    @property
    def settings(self):
        return {
            "pictures": ",".join("+".join(names) for names in self._pictures),
            "side": self._side,
            "vmax_cm": self._style.vmax_cm,
            "samples": self._style.num_samples,
            "seed": self._style.seed,
            "animation": self._animation,
        }

    def write(self, image, pixels, people):
        picture, shown = at_picture_size(pixels, people, self._side)
        style = with_own_scale(self._style, shown)
        names = [f"{image.name}.png"]
        panels = make_panels(self._pictures, picture, shown, style)
        write_png(self.out / names[0], panel_grid(panels))
        if self._animation is not None:
            names.append(f"{image.name}.samples.{self._animation}")
            scale = WheelScale(style.error_vmax_cm)
            frames = (
                panel_grid([people_panel(frame, shown, "samples of the error", scale)])
                for frame in error_frames(picture, shown, scale.vmax_cm, seed=style.seed)
            )
            with replacing(self.out / names[1]) as temporary:
                temporary.write_bytes(encode_animation(frames, self._animation))
        shown_at = [] if image.time_s is None else [{"name": image.name, "time_s": image.time_s}]
        return ImageResults(names, shown_at)

    def finish(self, folder: RunFolder, sources: Sequence[ImageSource]) -> list[Path]:
        if not self._video:
            return []
        written = []
        time_s = {record["name"]: record["time_s"] for record in folder.records()}
        for video in (one for one in sources if isinstance(one, VideoFile)):
            numbered = {
                name: int(name.rpartition("/")[2])
                for name in folder.names
                if name.startswith(f"{video.name}/")
            }
            chosen = [name for name, frame in numbered.items() if frame % video.every == 0]
            if chosen:
                written.append(self.out / f"{video.name}.mp4")
                frames = [self.out / f"{name}.png" for name in chosen]
                rate = video.frames_per_second
                # Runs of earlier versions did not record times.
                times = [time_s.get(name, numbered[name] / (rate * video.every)) for name in chosen]
                with replacing(written[-1]) as temporary:
                    write_video(temporary, frames, rate, times)
        return written
