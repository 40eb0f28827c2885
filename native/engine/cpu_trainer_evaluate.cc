// See cpu_trainer.h. Threads take whole pieces.
#include "engine/cpu_trainer.h"
#include "engine/piece_scores.h"

namespace lossmith {

std::vector<PieceScores> CpuTrainer::evaluate(Feed& feed, const std::vector<Piece>& pieces, const std::string& scores_path) {
  ScoreRuns scores(scores_path, team_.size());
  std::vector<PieceScores> results(pieces.size());
  team_.run(pieces.size(), [&](int64_t number, int thread) {
    LaneRunner& runner = made(predict_[thread], options_.predict, "logits");
    results[number] = scorePiece(feed, pieces[number], runner, thread, scores);
  });
  scores.finish();
  return results;
}

PieceScores CpuTrainer::scorePiece(Feed& feed, const Piece& piece, LaneRunner& runner, int thread, ScoreRuns& scores) {
  PieceScores result;
  result.piece = piece.id;
  const auto reader = feed.openPiece(piece);
  Batch batch;
  while (reader->next(batch, options_.lane_batch)) {
    addRejects(result, batch);
    if (batch.count == 0) continue;
    addScores(result, batch, runner.run(batch, 0, 0, nullptr, nullptr), options_.classes, thread, scores);
  }
  return result;
}

}  // namespace lossmith
