#!/bin/sh
# Makes the built-in model again from the data folder: prepare, train, export, evaluate.
#
#   KNOWREASON_DATA=../shared/data recipes/builtin.sh [OUT]
#
# Needs the extra [train]. On a GPU training takes about seven minutes; on two cores give it hours
# (STEPS and SECONDS bound it) and expect less. Weights differ between machines in the last digits;
# the figures of docs/model_card.md are reproduced within their intervals, not to the bit.
set -eu
: "${KNOWREASON_DATA:?set KNOWREASON_DATA to the folder that holds corpus/, claims/, traces/ and questions/}"
OUT=${1:-.work/builtin}
PYTHON=${PYTHON:-python3}
SEED=${SEED:-1}

"$PYTHON" -m knowreason.train.prepare --data "$KNOWREASON_DATA" --out "$OUT/data" --seed 1
"$PYTHON" -m knowreason.train.fit --data "$OUT/data" --out "$OUT/weights" --seed "$SEED" \
  --steps "${STEPS:-9000}" --seconds "${SECONDS_LIMIT:-420}" --workers "${WORKERS:-0}"
"$PYTHON" -m knowreason.train.finish --data "$OUT/data" --weights "$OUT/weights" --out "$OUT/model"
"$PYTHON" -m knowreason.train.evaluate --data "$KNOWREASON_DATA" --model "$OUT/model" --out "$OUT/evaluation.json"
