"""Dense pose measured against people's keypoints, for photographs that nobody labelled densely."""
