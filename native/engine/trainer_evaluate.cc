// See trainer.h. Scores of held-out pieces: sums in the piece's order, in float64.
#include <algorithm>
#include <cmath>

#include "engine/errors.h"
#include "engine/score_runs.h"
#include "engine/trainer.h"

namespace lossmith {
namespace {

constexpr size_t kKeptRejects = 100;

// −log p(label) = softplus(x) − label·x, written so that no exponential overflows.
void addClick(PieceScores& result, double x, bool positive) {
  const double tail = std::exp(-std::abs(x));
  result.logloss += std::max(x, 0.0) - (positive ? x : 0.0) + std::log1p(tail);
  result.predicted += x >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
  result.positives += positive;
  result.correct += (x > 0) == positive;
}

// −log softmax(x)[label] = log Σ exp(x − max) − (x[label] − max). Of equal logits the first is the most probable.
void addClass(PieceScores& result, const float* logits, int classes, int64_t label) {
  const float* most = std::max_element(logits, logits + classes);
  double sum = 0;
  for (int i = 0; i < classes; i++) sum += std::exp(static_cast<double>(logits[i]) - *most);
  result.logloss += std::log(sum) - (static_cast<double>(logits[label]) - *most);
  result.correct += most - logits == label;
}

}  // namespace

std::vector<PieceScores> Trainer::evaluate(Feed& feed, const std::vector<Piece>& pieces, const std::string& scores_path) {
  ScoreRuns scores(scores_path, team_.size());
  std::vector<PieceScores> results(pieces.size());
  team_.run(pieces.size(), [&](int64_t number, int thread) {
    LaneRunner& runner = made(predict_[thread], options_.predict, "logits");
    results[number] = scorePiece(feed, pieces[number], runner, thread, scores);
  });
  scores.finish();
  return results;
}

PieceScores Trainer::scorePiece(Feed& feed, const Piece& piece, LaneRunner& runner, int thread, ScoreRuns& scores) {
  PieceScores result;
  result.piece = piece.id;
  const int classes = options_.classes;
  const auto reader = feed.openPiece(piece);
  Batch batch;
  while (reader->next(batch, options_.lane_batch)) {
    result.rejected += batch.rejected;
    for (Reject& reject : batch.rejects)
      if (result.rejects.size() < kKeptRejects) result.rejects.push_back(std::move(reject));
    if (batch.count == 0) continue;
    const float* logits = runner.run(batch, 0, 0, nullptr, nullptr);
    for (int64_t i = 0; i < batch.count; i++, result.count++) {
      const float *x = logits + i * classes, label = batch.labels[i];
      const auto where = [&] { return " in piece " + std::to_string(piece.id) + ", example " + std::to_string(result.count); };
      if (const float* bad = std::find_if_not(x, x + classes, [](float value) { return std::isfinite(value); }); bad != x + classes) {
        throw brokenError("not-finite", "[evaluate] wanted finite logits, got " + std::to_string(*bad) + where());
      }
      if (classes == 1) {
        addClick(result, *x, label > 0.5f);
        scores.add(thread, *x, label > 0.5f);
      } else if (label >= 0 && label < static_cast<float>(classes)) {
        addClass(result, x, classes, static_cast<int64_t>(label));
      } else {
        throw configError("label-class", "[evaluate] wanted a label below " + std::to_string(classes) + ", got " + std::to_string(label) + where());
      }
    }
  }
  return result;
}

}  // namespace lossmith
