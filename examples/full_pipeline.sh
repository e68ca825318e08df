#!/bin/sh
# The whole flow, from class names to an answer to "which text is better?", one command a step.
#
#   sh examples/full_pipeline.sh                     # simulated skeletons of NTU-60: nothing to download
#   SEMTOOL_DATA=downloads sh examples/full_pipeline.sh    # real ones: downloads/utd_mhad holds UTD-MHAD
#
# Every step keeps what it made below artifacts/ and does nothing the second time. SUBJECTS, EPOCHS, ENCODER and
# SEEDS make it larger or smaller.
set -eu

subjects=${SUBJECTS:-4}      # simulated people; half of them train
epochs=${EPOCHS:-15}         # of the visual encoder, on simulated skeletons
encoder=${ENCODER:-minilm}
seeds=${SEEDS:-2}

if [ -n "${SEMTOOL_DATA:-}" ] && [ -d "$SEMTOOL_DATA/utd_mhad" ]; then
    dataset=utd-mhad split=purls-22-5
else
    dataset=ntu60 split=synse-55-5
fi

# 1. Text: what is said about every class, at several granularities.
semtool generate --dataset $dataset --prompts label
semtool generate --dataset $dataset --prompts attributes

# 2. Vectors. Text encoders read the sentences; the encoder `attributes` reads the typed facts as codes.
semtool embed --encoder "$encoder" --descriptions $dataset/label
semtool embed --encoder "$encoder" --descriptions $dataset/attributes

# 3. Skeletons: raw files into arrays, or labelled ones without the licensed data.
if [ $dataset = utd-mhad ]; then
    semtool prepare --dataset $dataset
    semtool features --dataset $dataset --split $split
else
    semtool simulate --dataset $dataset --subjects "$subjects" --reps 1
    # 4. Features: a visual encoder that has seen the seen classes only.
    semtool features --dataset $dataset --split $split --epochs "$epochs"
fi

# 5. Before any training: what do the texts tell apart, and is alike in text what moves alike?
semtool diagnose $dataset/label $dataset/attributes --features $dataset/$split/stgcn --pairs 5

# 6. A better text? Tried on seen classes that are held out; if it is kept, the unseen ones are looked at once.
semtool optimise $dataset/label --split $split --encoder "$encoder" --use attributes --use global --tries 3

# 7. Train on the seen classes, measure on the unseen ones. `ridge` is a closed form and takes seconds; `paper` is
#    the published multi-level alignment.
semtool train --embeddings "$dataset/label/$encoder" --split $split --preset ridge

# 8. Which text is better? Same features, same seeds, paired differences with intervals.
semtool compare --dataset $dataset --split $split --encoder "$encoder" --seeds "$seeds" --preset ridge \
    --descriptions $dataset/label --descriptions $dataset/attributes
