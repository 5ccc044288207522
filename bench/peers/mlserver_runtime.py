"""Our model behind MLServer: `python mlserver_runtime.py [--batching] PORT`."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import numpy as np
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import install_uvloop_event_loop
from sentiment import model


class Runtime(MLModel):
    """Judges the texts of a request together; with batching, one has those of several callers."""

    async def load(self) -> bool:
        self.model = model.load(Path(os.environ["SENTIMENT_MODEL_DIR"]))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        judgements = self.model.judge_all(StringCodec.decode_input(payload.inputs[0]))
        return InferenceResponse(
            model_name=self.name,
            outputs=[
                StringCodec.encode_output("label", [each.label for each in judgements]),
                NumpyCodec.encode_output(
                    "confidence", np.array([each.confidence for each in judgements])
                ),
                NumpyCodec.encode_output(
                    "known_words", np.array([each.known_words for each in judgements])
                ),
            ],
        )


async def serve(port: int, batching: bool) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        grpc_port = free.getsockname()[1]
    ports = {"host": "127.0.0.1", "http_port": port, "grpc_port": grpc_port}
    server = MLServer(Settings(debug=False, metrics_endpoint=None, **ports))
    batch = {"max_batch_size": 64, "max_batch_time": 0.002} if batching else {}
    await server.start([ModelSettings(name="sentiment", implementation=Runtime, **batch)])


if __name__ == "__main__":
    install_uvloop_event_loop()
    asyncio.run(serve(int(sys.argv[-1]), "--batching" in sys.argv))
