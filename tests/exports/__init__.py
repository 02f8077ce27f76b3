"""Real exports, made here and scored three ways: by us, by onnxruntime, by the library that trained them."""
