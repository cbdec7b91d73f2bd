"""Runs in the clients' environment: loads a folder with the builder `laion400m` of TensorFlow Datasets.

    python tfds_laion400m.py images|embeddings FOLDER FILES WORK

Nothing of the builder is replaced but the number of its files, which it has from a constant: 41,455 and 410; and it has
no checksums of embeddings, so they are registered. It runs its Beam pipeline, writes its own files and reads them back
with TensorFlow. Prints the rows as JSON, by their keys.
"""

import json
import sys
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds  # pyright: ignore[reportMissingImports] - in an environment of its own
from tensorflow_datasets.core.download.checksums import compute_url_info  # pyright: ignore[reportMissingImports]
from tensorflow_datasets.vision_language.laion400m import laion400m  # pyright: ignore[reportMissingImports]

kind, folder, files, work = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
# As its own test does it (laion400m_test.py).
{"images": laion400m.LAION400M_IMAGES_CONFIG, "embeddings": laion400m.LAION400M_EMBEDDINGS_CONFIG}[
    kind
].num_shards = files
builder = laion400m.Laion400m(config=kind, data_dir=work)
if kind == "embeddings":
    # It asks for these at LAION's own address. Its download manager takes from `manual_dir` what is registered by size
    # and SHA-256, and compares them.
    laion400m.Laion400m.url_infos = {
        f"{laion400m._EMBEDDINGS_URL}{file.stem.rpartition('_')[0]}/{file.name}": compute_url_info(file)
        for file in folder.iterdir()
    }
builder.download_and_prepare(
    download_config=tfds.download.DownloadConfig(manual_dir=str(folder), register_checksums=False)
)
rows = []
for row in tfds.as_numpy(builder.as_dataset(split="train")):
    said: dict[str, Any] = {name: value.decode() if isinstance(value, bytes) else value for name, value in row.items()}
    if kind == "images":
        image = said.pop("image")
        said["image"] = [*image.shape, image.mean(axis=(0, 1)).tolist()]
    else:
        said |= {name: said[name].tolist() for name in ("image_embedding", "text_embedding")}
    said["nsfw"] = builder.info.features["nsfw"].int2str(int(said["nsfw"]))
    said["size"] = [int(said.pop("original_width")), int(said.pop("original_height"))]
    rows.append(said | {"similarity": float(said["similarity"])})
print(json.dumps(rows))
