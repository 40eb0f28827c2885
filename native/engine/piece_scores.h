// Scores of held-out pieces: sums in the piece's order, in float64.
#pragma once

#include "engine/score_runs.h"
#include "engine/trainer.h"

namespace lossmith {

// Adds a batch of a piece; `logits` is [count, classes]. Rejects are moved out of the batch.
// Throws Error(Broken, "not-finite") and Error(Config, "label-class").
void addRejects(PieceScores& result, Batch& batch);
void addScores(PieceScores& result, const Batch& batch, const float* logits, int classes, int thread, ScoreRuns& scores);

}  // namespace lossmith
