// The first pass over a log: its blocks and lines and, for gzip, the places where reading can start. One sequential read, bounded memory.
#pragma once

#include <string>
#include <vector>

#include "engine/data/block_splitter.h"

namespace lossmith {

struct FileIndex {
  int64_t text_bytes, lines;  // lines of blocks: without the header
  bool gzip;
  std::vector<Block> blocks;
  std::string header;  // the first line, where it is one of names
};

// Gzip is told by content; its access points go to `points_path` (not written for plain text). Throws Error(Config): what InputFile and
// GzipStream throw, "empty-input", "zstd-input", "data-header".
FileIndex indexFile(const std::string& path, int64_t lanes, int64_t max_block_bytes, bool header, const std::string& points_path);

}  // namespace lossmith
