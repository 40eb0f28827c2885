// See cuda_trainer.h. Threads take whole pieces, read them and add their scores; the device has one batch at a time.
#include "engine/cuda/cuda_trainer.h"
#include "engine/piece_scores.h"

namespace lossmith {

std::vector<PieceScores> CudaTrainer::evaluate(Feed& feed, const std::vector<Piece>& pieces, const std::string& scores_path) {
  device_->use();
  if (!predictor_) predictor_ = std::make_unique<DevicePredictor>(*device_, *predict_, team_.size(), options_.lane_batch);
  ScoreRuns scores(scores_path, team_.size());
  std::vector<PieceScores> results(pieces.size());
  team_.run(pieces.size(), [&](int64_t number, int thread) {
    PieceScores& result = results[number];
    result.piece = pieces[number].id;
    const auto reader = feed.openPiece(pieces[number]);
    Batch batch;
    while (reader->next(batch, options_.lane_batch)) {
      addRejects(result, batch);
      if (batch.count > 0) addScores(result, batch, predictor_->run(batch, thread), options_.classes, thread, scores);
    }
  });
  scores.finish();
  return results;
}

}  // namespace lossmith
