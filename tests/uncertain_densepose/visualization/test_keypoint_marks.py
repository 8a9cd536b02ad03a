"""Keypoints in the colours of what is right."""

import numpy as np

from uncertain_densepose.visualization.keypoint_marks import Mark, draw_keypoints, draw_legend

GREY = np.full((120, 160, 3), 90, np.uint8)


def test_each_keypoint_has_its_colour_where_it_lies():
    xy = np.array([[20.5, 30.5], [80.0, 60.9], [140.2, 100.0], [100.0, 20.0]])
    picture = draw_keypoints(GREY, xy, list(Mark))
    for (x, y), mark in zip(xy, Mark, strict=True):
        np.testing.assert_array_equal(picture[int(y), int(x)], mark.value)
    # A few discs, and nothing else; the image itself is not changed.
    assert 0 < (picture != GREY).any(axis=2).mean() < 0.03 and (GREY == 90).all()


def test_keypoints_beyond_the_picture_and_none_at_all():
    beyond = np.array([[-50.0, 30.0], [500.0, 500.0]])
    np.testing.assert_array_equal(draw_keypoints(GREY, beyond, [Mark.RIGHT, Mark.WRONG]), GREY)
    np.testing.assert_array_equal(draw_keypoints(GREY, np.zeros((0, 2)), []), GREY)


def test_the_legend_shows_all_colours():
    corner = draw_legend(GREY).reshape(-1, 3)
    for mark in Mark:
        assert (corner == mark.value).all(axis=1).any()
    assert [mark.label for mark in Mark] == ["right", "other side", "wrong", "not found"]
