// Cuts a text of unknown length into blocks at line ends. Blocks start small; whenever there are more than 128 · lanes, the granularity
// doubles and neighbours are merged, until it is max_block_bytes (which a block exceeds by less than its last line). So a text ends with blocks of
// about min(max_block_bytes, text / (64 · lanes)), a function of the text alone: the same for a log and for its gzip.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lossmith {

constexpr size_t kMostHeaderBytes = 1 << 20;

struct Block {
  int64_t offset, bytes, first_line, lines;
};

class BlockSplitter {
 public:
  // `header`: the first line is none of the rows, and of no block.
  BlockSplitter(int64_t lanes, int64_t max_block_bytes, bool header = false);
  void add(std::string_view text);
  void finish();  // a last line without an ending is a line

  const std::vector<Block>& blocks() const { return blocks_; }
  int64_t merges() const { return merges_; }            // how often
  int64_t blockStart() const { return block_offset_; }  // of the block that is not closed yet
  int64_t textBytes() const { return offset_; }
  int64_t lines() const { return lines_ - header_lines_; }  // of blocks
  const std::string& header() const { return header_; }     // without its ending; of a longer one the first kMostHeaderBytes + 1 bytes

 private:
  void takeHeader(std::string_view& text);
  void close();
  void merge();

  size_t most_;
  int64_t max_block_bytes_, granularity_;
  std::vector<Block> blocks_;
  int64_t offset_ = 0, lines_ = 0, merges_ = 0;
  int64_t block_offset_ = 0, block_line_ = 0;
  bool in_line_ = false;  // bytes came since the last line end
  bool in_header_;
  int64_t header_lines_ = 0;
  std::string header_;
};

}  // namespace lossmith
