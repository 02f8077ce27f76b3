"""The ONNX package's own node tests, one verdict each."""
