"""Prints what Python's TensorBoard reads of each folder given, as one JSON list."""
import hashlib
import json
import sys

from google.protobuf.json_format import MessageToDict
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.util import tensor_util


def digest(data):
    return hashlib.sha256(data).hexdigest()


def read(folder):
    kinds = ("scalars", "images", "histograms", "tensors")
    run = EventAccumulator(folder, size_guidance={kind: 0 for kind in kinds})
    run.Reload()
    tags = run.Tags()
    arrays = {tag: [(e.step, tensor_util.make_ndarray(e.tensor_proto)) for e in run.Tensors(tag)] for tag in tags["tensors"]}
    content = {tag: data for tag, data in run.PluginTagToContent("hparams").items()}
    curves = run.PluginTagToContent("pr_curves")
    layout = layout_pb2.Layout.FromString(arrays["custom_scalars__config__"][0][1].item())
    return {
        "scalars": {tag: [[e.step, e.value] for e in run.Scalars(tag)] for tag in tags["scalars"]},
        "images": {
            tag: [[e.step, e.width, e.height, digest(e.encoded_image_string)] for e in run.Images(tag)]
            for tag in tags["images"]
        },
        "histograms": {
            tag: [[e.step, list(e.histogram_value.bucket_limit), list(e.histogram_value.bucket), e.histogram_value.num]
                  for e in run.Histograms(tag)]
            for tag in tags["histograms"]
        },
        "curves": {tag: [[step, array.tolist()] for step, array in arrays[tag]] for tag in curves},
        "text": {tag: [[step, array.tolist()[0].decode()] for step, array in arrays[tag]]
                 for tag in run.PluginTagToContent("text")},
        "experiment": MessageToDict(hparams.parse_experiment_plugin_data(content[hparams.EXPERIMENT_TAG])),
        "start": MessageToDict(hparams.parse_session_start_info_plugin_data(content[hparams.SESSION_START_INFO_TAG])),
        "end": MessageToDict(hparams.parse_session_end_info_plugin_data(content[hparams.SESSION_END_INFO_TAG])),
        "layout": MessageToDict(layout),
    }


print(json.dumps([read(folder) for folder in sys.argv[1:]]))
