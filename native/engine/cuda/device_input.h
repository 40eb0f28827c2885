// The own lanes' batches on their way to the device: read from the feed, copied to pinned memory by all threads, and from there by the copying
// stream. There are two of everything, so that one batch is computed on while the next is on its way.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "engine/cuda/device.h"
#include "engine/data/feed.h"
#include "engine/lanes/program_binding.h"
#include "engine/lanes/thread_team.h"
#include "engine/trainer.h"

namespace lossmith {

// Values an example has. The same in all programs that take such a batch.
struct BatchWidths {
  int64_t ids = 0, numbers = 0, labels = 0;
};
// Throws Error(Config, "plan") where programs differ in them.
BatchWidths widthsOf(const std::vector<const ProgramBinding*>& programs);

// A batch of at most `capacity` examples in one piece of memory. Offsets are bytes, multiples of 256.
struct BatchLayout {
  BatchLayout(const BatchWidths& widths, int64_t capacity);

  BatchWidths widths;
  int64_t capacity;
  size_t numbers, labels, bytes;  // ids are first
};

// In device memory.
struct DeviceBatch {
  int64_t count = 0;
  const int64_t* ids = nullptr;
  const float *numbers = nullptr, *labels = nullptr;
};

// Copies a batch to pinned memory as the layout has it: run(piece) for piece in 0..pieces, by any threads.
class BatchCopy {
 public:
  BatchCopy(const BatchLayout& layout, const Batch& batch, void* to);
  int64_t pieces() const { return pieces_; }
  void run(int64_t piece) const;

 private:
  struct Part {
    const char* from;
    char* to;
    size_t bytes;
  };
  Part parts_[3];
  int64_t pieces_ = 0;
};

// And from there to the device.
DeviceBatch copyBatch(const BatchLayout& layout, int64_t count, const void* pinned, void* device, Stream& stream);

class DeviceInput {
 public:
  // Batches of `capacity` examples for all of `programs`, which must outlive this.
  DeviceInput(Device& device, ThreadTeam& team, int first_lane, int lanes, std::vector<const ProgramBinding*> programs, int64_t capacity);

  // What there is of a lane: results of reading, and where its batch lies.
  struct Lane {
    LaneResult result;
    DeviceBatch batch;
  };

  // The next batch of every own lane: read ahead, or now. They stay until the second call of next from here. What the computing stream is asked for
  // afterwards finds them. Throws what the feed throws, and Error(Config, "batch-shape").
  const std::vector<Lane>& next(Feed& feed);
  // Which of the two places they lie in: 0 or 1.
  int place() const { return current_; }
  // To be called once work on them has been asked for: reads the batches behind them while the device works. Keeps what the feed throws for `next`.
  void readAhead(Feed& feed);

 private:
  struct Place {
    explicit Place(Device& device) : copied(device), used(device) {}

    PinnedMemory host;
    DeviceMemory memory;
    Event copied, used;  // used: work on it was asked for until here
    std::vector<Batch> batches;
    std::vector<Lane> lanes;
  };
  struct ReadAhead {
    const Feed* feed;
    int64_t generation;
    std::exception_ptr failure;
  };

  void read(Feed& feed, Place& place);
  void copyToPinned(Place& place);

  Device& device_;
  ThreadTeam& team_;
  const int first_lane_;
  const std::vector<const ProgramBinding*> programs_;
  const BatchLayout layout_;
  std::vector<std::unique_ptr<Place>> places_;
  int current_ = 1;
  std::optional<ReadAhead> ahead_;  // what lies in the other place
};

}  // namespace lossmith
