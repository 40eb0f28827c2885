// See piece_scores.h.
#include "engine/piece_scores.h"

#include <algorithm>
#include <cmath>

#include "engine/errors.h"

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

void addRejects(PieceScores& result, Batch& batch) {
  result.rejected += batch.rejected;
  for (Reject& reject : batch.rejects)
    if (result.rejects.size() < kKeptRejects) result.rejects.push_back(std::move(reject));
}

void addScores(PieceScores& result, const Batch& batch, const float* logits, int classes, int thread, ScoreRuns& scores) {
  for (int64_t i = 0; i < batch.count; i++, result.count++) {
    const float *x = logits + i * classes, label = batch.labels[i];
    const auto where = [&] { return " in piece " + std::to_string(result.piece) + ", example " + std::to_string(result.count); };
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

}  // namespace lossmith
