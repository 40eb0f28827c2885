// See score_runs.h.
#include "engine/score_runs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <queue>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr size_t kCollected = 1 << 18;  // scores per thread before they are spilled: 2 MiB
constexpr size_t kReadRecords = 512;    // per run while merging: 12 KiB

// Bits whose order as unsigned numbers is the order of the floats.
uint64_t orderedBits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value + 0.0f);  // −0 becomes 0
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

double floatOf(uint32_t ordered) { return std::bit_cast<float>(ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered); }

// Reads one run of the scratch file, a few records at a time.
class RunReader {
 public:
  RunReader(int file, int64_t offset, int64_t records) : file_(file), offset_(offset), left_(records) {}
  const ScoreRecord& head() const { return buffer_[at_]; }
  // To the next record, the first when called first. False at the end.
  bool next() {
    if (++at_ < buffer_.size()) return true;
    const size_t n = std::min<int64_t>(left_, kReadRecords);
    buffer_.resize(n);
    at_ = 0;
    left_ -= n;
    const ssize_t bytes = n * sizeof(ScoreRecord);
    if (n > 0 && pread(file_, buffer_.data(), bytes, offset_) != bytes)
      throw brokenError("read-failed", "[scores] lost the scratch file of the scores");
    offset_ += bytes;
    return n > 0;
  }

 private:
  int file_;
  int64_t offset_, left_;
  size_t at_ = 0;
  std::vector<ScoreRecord> buffer_;
};

struct FileCloser {
  void operator()(FILE* file) const { std::fclose(file); }
};

}  // namespace

ScoreRuns::ScoreRuns(const std::string& path, int threads)
    : path_(path), partial_(path + ".partial"), scratch_path_(path + ".runs"), collected_(threads) {
  scratch_ = open(scratch_path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (scratch_ < 0) failed("open");
  unlink(scratch_path_.c_str());  // gone with the process, whatever happens
}

ScoreRuns::~ScoreRuns() {
  if (scratch_ >= 0) close(scratch_);
  unlink(partial_.c_str());
}

void ScoreRuns::add(int thread, float logit, bool positive) {
  std::vector<uint64_t>& scores = collected_[thread];
  if (scores.capacity() == 0) scores.reserve(kCollected);
  scores.push_back(orderedBits(logit) << 1 | static_cast<uint64_t>(positive));
  if (scores.size() == kCollected) spill(scores);
}

void ScoreRuns::spill(std::vector<uint64_t>& scores) {
  if (scores.empty()) return;
  std::sort(scores.begin(), scores.end());
  std::vector<ScoreRecord> records;
  for (size_t i = 0; i < scores.size();) {
    const uint64_t key = scores[i] >> 1;
    ScoreRecord record = {floatOf(static_cast<uint32_t>(key)), 0, 0};
    for (; i < scores.size() && scores[i] >> 1 == key; i++) (scores[i] & 1 ? record.positives : record.negatives)++;
    records.push_back(record);
  }
  scores.clear();
  const ssize_t bytes = records.size() * sizeof(ScoreRecord);
  std::lock_guard lock(mutex_);
  errno = ENOSPC;  // a short write says nothing
  if (pwrite(scratch_, records.data(), bytes, end_) != bytes) failed("write");
  runs_.push_back({end_, static_cast<int64_t>(records.size())});
  end_ += bytes;
}

void ScoreRuns::finish() {
  for (std::vector<uint64_t>& scores : collected_) spill(scores);
  std::vector<RunReader> readers;
  auto later = [&](size_t a, size_t b) { return readers[a].head().logit > readers[b].head().logit; };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> heads(later);
  for (const Run& run : runs_) readers.emplace_back(scratch_, run.offset, run.records);
  for (size_t i = 0; i < readers.size(); i++)
    if (readers[i].next()) heads.push(i);

  std::unique_ptr<FILE, FileCloser> file(std::fopen(partial_.c_str(), "wb"));
  if (!file) failed("open");
  while (!heads.empty()) {
    ScoreRecord sum = {readers[heads.top()].head().logit, 0, 0};
    while (!heads.empty() && readers[heads.top()].head().logit == sum.logit) {
      const size_t reader = heads.top();
      heads.pop();
      sum.negatives += readers[reader].head().negatives;
      sum.positives += readers[reader].head().positives;
      if (readers[reader].next()) heads.push(reader);
    }
    if (std::fwrite(&sum, sizeof sum, 1, file.get()) != 1) failed("write");
  }
  if (std::fflush(file.get()) != 0) failed("write");
  file.reset();
  if (std::rename(partial_.c_str(), path_.c_str()) != 0) failed("rename");
}

void ScoreRuns::failed(const char* what) const {
  const std::string why = std::strerror(errno);
  throw brokenError("write-failed", "[scores] could not " + std::string(what) + " " + path_ + ": " + why);
}

}  // namespace lossmith
