// Scores of an evaluation, sorted by logit and run-length counted, in bounded memory. Each thread collects; a full buffer is sorted,
// counted and appended to one scratch file beside the result; at the end all runs are merged into the file.
// The file: records of f64 logit, u64 negatives, u64 positives, little-endian, ascending, no logit twice (−0 is 0).
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace lossmith {

struct ScoreRecord {
  double logit;
  uint64_t negatives, positives;
};

class ScoreRuns {
 public:
  // Throws Error(Broken, "write-failed") here and below when the disk does not take it. Nothing stands at `path` before finish().
  ScoreRuns(const std::string& path, int threads);
  ~ScoreRuns();
  ScoreRuns(const ScoreRuns&) = delete;
  ScoreRuns& operator=(const ScoreRuns&) = delete;

  // Any thread, each with its own number. The logit is finite.
  void add(int thread, float logit, bool positive);
  void finish();

 private:
  struct Run {
    int64_t offset, records;
  };
  void spill(std::vector<uint64_t>& scores);
  [[noreturn]] void failed(const char* what) const;

  const std::string path_, partial_, scratch_path_;
  std::vector<std::vector<uint64_t>> collected_;  // by thread: ordered bits of the logit · 2 + positive
  std::mutex mutex_;
  int scratch_ = -1;
  int64_t end_ = 0;
  std::vector<Run> runs_;
};

}  // namespace lossmith
