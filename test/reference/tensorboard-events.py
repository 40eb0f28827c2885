"""What TensorBoard's own reader finds in a directory of event files. Of the fixed events it makes tensorboard-events.json, which
coordinator/metrics/run-tensorboard.test.ts reads; of a run's tensorboard directory it shows what is there.

    pip install tensorboard
    node dist/coordinator/metrics/fixed-events.test-support.js /tmp/fixed
    python test/reference/tensorboard-events.py /tmp/fixed/tensorboard > test/reference/tensorboard-events.json && npx biome format --write test/reference
"""

import hashlib
import json
import sys
import zlib

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def pixels(png):
    """RGB, row after row, of a PNG whose lines have no filter."""
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    at, data = 8, b""
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += 12 + size
    lines = zlib.decompress(data)
    line = 3 * width + 1
    assert all(lines[y * line] == 0 for y in range(height))
    return b"".join(lines[y * line + 1 : (y + 1) * line] for y in range(height))


events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
events.Reload()
tags = events.Tags()
image = lambda one: [one.step, one.width, one.height, hashlib.sha256(pixels(one.encoded_image_string)).hexdigest()]
json.dump(
    {
        "scalars": {tag: [[one.wall_time, one.step, one.value] for one in events.Scalars(tag)] for tag in tags["scalars"]},
        "images": {tag: [image(one) for one in events.Images(tag)] for tag in tags["images"]},
        "descriptions": {tag: events.SummaryMetadata(tag).summary_description for tag in tags["images"]},
    },
    sys.stdout,
)
