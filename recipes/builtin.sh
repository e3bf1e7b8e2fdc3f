#!/bin/sh
# Makes the built-in model again from the data folder: prepare, train, finish, weigh, evaluate.
#
#   KNOWREASON_DATA=../shared/data recipes/builtin.sh [OUT]
#
# Needs the extra [train] and two CPU cores: about three minutes to prepare, 68 to train, five to finish, six to weigh
# the cues and ten to evaluate. The defaults are the arguments that made the shipped weights. Training stops by the clock, so
# another machine sees more or fewer pairs in the same time: the figures of docs/instrument.md are then
# reproduced within their intervals on a machine as fast, not to the bit. The shipped files are not touched:
# copy OUT/model over src/knowreason/models/weights to ship what was made. Since they were made, the written sets of
# five fields are kept for choosing (prepare leaves them out): about 11,000 written pairs train instead of 12,225.
# What learning from recipes/contrasts.jsonl would change: builtin_contrasts.sh.
set -eu
: "${KNOWREASON_DATA:?set KNOWREASON_DATA to the folder that holds corpus/, claims/, traces/ and questions/}"
OUT=${1:-.work/builtin}
PYTHON=${PYTHON:-python3}
export OMP_NUM_THREADS=2

"$PYTHON" -m knowreason.train.prepare --data "$KNOWREASON_DATA" --written recipes/written_claims.jsonl --out "$OUT/data" --seed 1
# first the large sets alone, to the middle of a schedule; then all, the written claims above all, to its end
"$PYTHON" -m knowreason.train.fit --data "$OUT/data" --out "$OUT/first" --shares 0.6 0.4 0 0 0 \
  --steps "${STEPS:-1000000}" --seconds "${FIRST_SECONDS:-3000}" --until 0.5 --tokens 4096 --threads 2 \
  --pair-share 0.65 --check-pairs 600 --seed "${SEED:-1}"
"$PYTHON" -m knowreason.train.fit --data "$OUT/data" --weights "$OUT/first" --out "$OUT/weights" --shares 0.25 0.2 0.55 0 0 \
  --steps "${STEPS:-1000000}" --seconds "${SECONDS_LIMIT:-2580}" --rate 1e-4 --head-rate 3e-4 --tokens 4096 --threads 2 \
  --pair-share 0.65 --check-pairs 600 --seed "$((${SEED:-1} + 1))"
"$PYTHON" -m knowreason.train.finish --data "$OUT/data" --weights "$OUT/weights" --out "$OUT/model"
"$PYTHON" -m knowreason.train.weighing --data "$KNOWREASON_DATA" --weights "$OUT/model"
"$PYTHON" -m knowreason.train.evaluate --data "$KNOWREASON_DATA" --written recipes/written_claims.jsonl \
  --claims examples/claims/test.jsonl --example examples/two_domains --weights "$OUT/model" --reliability "$OUT/model/reliability.json" \
  --start "$OUT/data/start.npz" --pieces "$OUT/weights" --out "$OUT/evaluation.json"
