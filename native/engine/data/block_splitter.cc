// See block_splitter.h.
#include "engine/data/block_splitter.h"

#include <algorithm>
#include <cstring>

namespace lossmith {
namespace {

constexpr int64_t kSmallest = 64;

int64_t smallestGranularity(int64_t max_block_bytes) {
  while (max_block_bytes / 2 >= kSmallest) max_block_bytes /= 2;
  return max_block_bytes;
}

}  // namespace

BlockSplitter::BlockSplitter(int64_t lanes, int64_t max_block_bytes, bool header)
    : most_(static_cast<size_t>(2 * 64 * lanes)),
      max_block_bytes_(max_block_bytes),
      granularity_(smallestGranularity(max_block_bytes)),
      in_header_(header) {}

void BlockSplitter::add(std::string_view text) {
  if (in_header_) takeHeader(text);
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const char* newline = static_cast<const char*>(std::memchr(p, '\n', static_cast<size_t>(end - p)));
    if (newline == nullptr) {
      offset_ += end - p, in_line_ = true;
      return;
    }
    offset_ += newline + 1 - p, in_line_ = false;
    lines_++;
    p = newline + 1;
    if (offset_ - block_offset_ >= granularity_) close();
  }
}

// Blocks begin behind the header, with the file's second line.
void BlockSplitter::takeHeader(std::string_view& text) {
  const size_t newline = text.find('\n');
  in_header_ = newline == text.npos;
  const size_t bytes = in_header_ ? text.size() : newline + 1;
  const size_t room = kMostHeaderBytes + 1 - std::min(kMostHeaderBytes + 1, header_.size());
  header_.append(text.substr(0, std::min(room, bytes - !in_header_)));
  text.remove_prefix(bytes);
  offset_ += static_cast<int64_t>(bytes);
  block_offset_ = offset_;
  if (in_header_) return;
  if (header_.ends_with('\r')) header_.pop_back();
  lines_ = header_lines_ = block_line_ = 1;
}

void BlockSplitter::finish() {
  if (in_line_) lines_++, in_line_ = false;
  if (offset_ > block_offset_) close();
}

void BlockSplitter::close() {
  blocks_.push_back({block_offset_, offset_ - block_offset_, block_line_, lines_ - block_line_});
  block_offset_ = offset_, block_line_ = lines_;
  while (blocks_.size() > most_ && granularity_ * 2 <= max_block_bytes_) {
    granularity_ *= 2;
    merge();
  }
}

// Lets a block that is smaller than the granularity take in the next, unless both are more than a block may be.
void BlockSplitter::merge() {
  merges_++;
  size_t last = 0;
  for (size_t i = 1; i < blocks_.size(); i++) {
    const Block& next = blocks_[i];
    Block& block = blocks_[last];
    if (block.bytes < granularity_ && block.bytes + next.bytes <= max_block_bytes_) {
      block.bytes += next.bytes;
      block.lines += next.lines;
    } else {
      blocks_[++last] = next;
    }
  }
  blocks_.resize(last + 1);
}

}  // namespace lossmith
