// See device_input.h.
#include "engine/cuda/device_input.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr size_t kPieceBytes = 1 << 20;  // what a thread copies at a time

size_t padded(int64_t bytes) { return (static_cast<size_t>(bytes) + 255) / 256 * 256; }

int64_t commonWidth(const std::vector<const ProgramBinding*>& programs, const char* input) {
  int64_t common = 0;
  for (const ProgramBinding* program : programs) {
    const int64_t width = program->width(input);
    if (width == 0) continue;
    if (common != 0 && width != common) {
      throw configError("plan", "[" + program->program->name + "] wanted " + std::to_string(common) + " " + input +
                                    " an example as other programs have, got " + std::to_string(width));
    }
    common = width;
  }
  return common;
}

}  // namespace

BatchWidths widthsOf(const std::vector<const ProgramBinding*>& programs) {
  return {commonWidth(programs, "ids"), commonWidth(programs, "numbers"), commonWidth(programs, "labels")};
}

BatchLayout::BatchLayout(const BatchWidths& widths, int64_t capacity) : widths(widths), capacity(capacity) {
  numbers = padded(capacity * widths.ids * sizeof(int64_t));
  labels = numbers + padded(capacity * widths.numbers * sizeof(float));
  bytes = labels + padded(capacity * widths.labels * sizeof(float));
}

BatchCopy::BatchCopy(const BatchLayout& layout, const Batch& batch, void* memory) {
  char* to = static_cast<char*>(memory);
  const BatchWidths& widths = layout.widths;
  parts_[0] = {reinterpret_cast<const char*>(batch.ids.data()), to, batch.count * widths.ids * sizeof(int64_t)};
  parts_[1] = {reinterpret_cast<const char*>(batch.numbers.data()), to + layout.numbers, batch.count * widths.numbers * sizeof(float)};
  parts_[2] = {reinterpret_cast<const char*>(batch.labels.data()), to + layout.labels, batch.count * widths.labels * sizeof(float)};
  for (const Part& part : parts_) pieces_ += (part.bytes + kPieceBytes - 1) / kPieceBytes;
}

void BatchCopy::run(int64_t piece) const {
  for (const Part& part : parts_) {
    const int64_t pieces = (part.bytes + kPieceBytes - 1) / kPieceBytes;
    if (piece >= pieces) {
      piece -= pieces;
      continue;
    }
    const size_t from = piece * kPieceBytes;
    std::memcpy(part.to + from, part.from + from, std::min(kPieceBytes, part.bytes - from));
    return;
  }
}

DeviceBatch copyBatch(const BatchLayout& layout, int64_t count, const void* pinned, void* device, Stream& stream) {
  const char* from = static_cast<const char*>(pinned);
  char* to = static_cast<char*>(device);
  if (count == layout.capacity) {
    stream.copyIn(to, from, layout.bytes);
  } else {
    stream.copyIn(to, from, count * layout.widths.ids * sizeof(int64_t));
    stream.copyIn(to + layout.numbers, from + layout.numbers, count * layout.widths.numbers * sizeof(float));
    stream.copyIn(to + layout.labels, from + layout.labels, count * layout.widths.labels * sizeof(float));
  }
  return {count, reinterpret_cast<const int64_t*>(to), reinterpret_cast<const float*>(to + layout.numbers),
          reinterpret_cast<const float*>(to + layout.labels)};
}

DeviceInput::DeviceInput(Device& device, ThreadTeam& team, int first_lane, int lanes, std::vector<const ProgramBinding*> programs, int64_t capacity)
    : device_(device), team_(team), first_lane_(first_lane), programs_(std::move(programs)), layout_(widthsOf(programs_), capacity) {
  for (int i = 0; i < 2; i++) {
    places_.push_back(std::make_unique<Place>(device));
    Place& place = *places_.back();
    place.host = PinnedMemory(device, layout_.bytes * lanes);
    place.memory = DeviceMemory(device, layout_.bytes * lanes);
    place.batches.resize(lanes);
    place.lanes.resize(lanes);
  }
}

const std::vector<DeviceInput::Lane>& DeviceInput::next(Feed& feed) {
  Place& place = *places_[1 - current_];
  const std::optional<ReadAhead> ahead = std::exchange(ahead_, std::nullopt);
  const bool ready = ahead && ahead->feed == &feed && ahead->generation == feed.generation();
  if (ready && ahead->failure) std::rethrow_exception(ahead->failure);
  if (!ready) read(feed, place);
  place.copied.makeWait(device_.stream());
  current_ = 1 - current_;
  return place.lanes;
}

void DeviceInput::readAhead(Feed& feed) {
  places_[current_]->used.record(device_.stream());
  ahead_ = ReadAhead{&feed, feed.generation(), nullptr};
  try {
    read(feed, *places_[1 - current_]);
  } catch (...) {
    ahead_->failure = std::current_exception();
  }
}

// What lay in the place before was worked on two steps ago, so that the copying stream need not wait, but for work of a step that has failed.
void DeviceInput::read(Feed& feed, Place& place) {
  place.copied.synchronize();  // a call that failed may have left a copy on its way
  team_.run(place.lanes.size(), [&](int64_t number, int) {
    const int lane = first_lane_ + static_cast<int>(number);
    const auto begin = std::chrono::steady_clock::now();
    Batch& batch = place.batches[number];
    feed.next(lane, batch);
    place.lanes[number].result = laneResult(lane, batch);
    place.lanes[number].result.read_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    if (batch.count > 0) {
      for (const ProgramBinding* program : programs_) program->checkBatch(batch);
    }
  });
  copyToPinned(place);
  place.used.makeWait(device_.copying());
  for (size_t lane = 0; lane < place.lanes.size(); lane++) {
    const size_t at = lane * layout_.bytes;
    place.lanes[lane].batch =
        copyBatch(layout_, place.batches[lane].count, place.host.as<char>() + at, place.memory.as<char>() + at, device_.copying());
  }
  place.copied.record(device_.copying());
}

void DeviceInput::copyToPinned(Place& place) {
  std::vector<BatchCopy> copies;
  std::vector<int64_t> ends;
  int64_t pieces = 0;
  for (size_t lane = 0; lane < place.lanes.size(); lane++) {
    copies.emplace_back(layout_, place.batches[lane], place.host.as<char>() + lane * layout_.bytes);
    ends.push_back(pieces += copies.back().pieces());
  }
  team_.run(pieces, [&](int64_t number, int) {
    const size_t lane = std::upper_bound(ends.begin(), ends.end(), number) - ends.begin();
    copies[lane].run(number - (ends[lane] - copies[lane].pieces()));
  });
}

}  // namespace lossmith
