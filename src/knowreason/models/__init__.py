"""Models behind one method each: entail, observe, or score."""

import os

# Since 1.29 onnxruntime reports the machine and each model to its maker unless told not to before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
