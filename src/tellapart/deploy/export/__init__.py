"""The model as one ONNX file that takes decoded pictures of any size, and the proof that it answers as the run does."""
