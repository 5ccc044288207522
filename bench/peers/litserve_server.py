"""Our model behind LitServe: `python litserve_server.py [--batching] PORT`."""

import os
import sys
from pathlib import Path
from typing import Any

import litserve
from sentiment import model


class Plain(litserve.LitAPI):
    """One text after the other."""

    def setup(self, device: str) -> None:
        self.model = model.load(Path(os.environ["SENTIMENT_MODEL_DIR"]))

    def decode_request(self, request: dict[str, str]) -> str:
        return request["text"]

    def predict(self, text: str) -> Any:
        return self.model.judge(text)

    def encode_response(self, output: model.Judgement) -> dict[str, Any]:
        return output._asdict()


class Batching(Plain):
    """The texts that wait together, together."""

    def batch(self, inputs: list[str]) -> list[str]:
        return inputs

    def predict(self, text: list[str]) -> Any:
        return self.model.judge_all(text)

    def unbatch(self, output: list[model.Judgement]) -> list[model.Judgement]:
        return output


if __name__ == "__main__":
    batching = "--batching" in sys.argv
    api = Batching(max_batch_size=64, batch_timeout=0.002) if batching else Plain()
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[-1]), generate_client_file=False)
