"""Reads the structured reports named on the command line with highdicom, and prints one JSON line for each."""

import json
import sys

import pydicom
from highdicom.sr import Comprehensive3DSR


def code(item):
    return None if item is None else [item.value, item.scheme_designator]


for path in sys.argv[1:]:
    data = pydicom.dcmread(path)
    content = Comprehensive3DSR.from_dataset(data).content
    groups = [
        {
            "tracking": [group.tracking_identifier, group.tracking_uid],
            "finding": code(group.finding_type),
            "sites": [code(site.value) for site in group.finding_sites],
            "reference": code(group.reference_type),
            "segment": [group.referenced_segment.referenced_sop_instance_uid, *group.referenced_segment.referenced_segment_numbers],
            "series": group.referenced_segment.source_series_for_segmentation.value,
            "measurements": [
                {
                    "name": code(measurement.name),
                    "value": measurement.value,
                    "unit": code(measurement.unit),
                    "method": code(measurement.method),
                    "derivation": code(measurement.derivation),
                    "lines": [line.value.tolist() for line in measurement.referenced_coordinates],
                }
                for measurement in group.get_measurements()
            ],
            "evaluations": [[code(one.name), code(one.value)] for one in group.get_qualitative_evaluations()],
        }
        for group in content.get_volumetric_roi_measurement_groups()
    ]
    others = [
        {
            "tracking": [group.tracking_identifier, group.tracking_uid],
            "measurements": len(group.get_measurements()),
            "evaluations": [[code(one.name), code(one.value)] for one in group.get_qualitative_evaluations()],
        }
        for group in content.get_image_measurement_groups()
    ]
    print(json.dumps({"patient": str(data.PatientName), "flags": [data.CompletionFlag, data.VerificationFlag], "groups": groups, "others": others}))
