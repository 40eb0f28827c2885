// See index_file.h.
#include "engine/data/index_file.h"

#include <cstring>

#include "engine/data/gzip_points.h"
#include "engine/data/gzip_stream.h"
#include "engine/data/input_file.h"
#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr size_t kChunkBytes = 64 * 1024;
constexpr size_t kWindowBytes = 32 * 1024;

void scanPlain(const InputFile& file, BlockSplitter& splitter) {
  std::vector<char> chunk(kChunkBytes);
  int64_t offset = 0;
  while (const size_t bytes = file.readAt(offset, chunk.data(), chunk.size())) {
    splitter.add({chunk.data(), bytes});
    offset += static_cast<int64_t>(bytes);
  }
  splitter.finish();
}

std::vector<int64_t> blockOffsets(const BlockSplitter& splitter) {
  std::vector<int64_t> offsets;
  for (const Block& block : splitter.blocks()) offsets.push_back(block.offset);
  return offsets;
}

// The newest boundary of deflate blocks is held as a candidate; it becomes a point when a text block starts before the next boundary.
void scanGzip(const InputFile& file, BlockSplitter& splitter, const std::string& points_path) {
  GzipStream stream(file);
  GzipPointsWriter points(points_path);
  std::vector<char> chunk(kChunkBytes);
  unsigned char window[kWindowBytes];
  uint32_t window_bytes = 0;
  uint64_t candidate_text = 0, candidate_bit = 0;
  int64_t merges = 0;
  const auto keepCandidate = [&] {
    if (candidate_bit == 0 || static_cast<uint64_t>(splitter.blockStart()) < candidate_text) return;
    if (points.empty() || points.lastTextOffset() < candidate_text) points.add(candidate_text, candidate_bit, window, window_bytes);
  };
  for (;;) {
    const GzipStream::Step step = stream.step(chunk.data(), chunk.size());
    if (step.end) break;
    splitter.add({chunk.data(), step.bytes});
    if (splitter.merges() != merges) {
      merges = splitter.merges();
      points.keepFor(blockOffsets(splitter));
    }
    if (!step.boundary) continue;
    keepCandidate();
    candidate_text = static_cast<uint64_t>(splitter.textBytes()), candidate_bit = stream.bitOffset();
    window_bytes = stream.window(window);
  }
  keepCandidate();
  splitter.finish();
  if (splitter.lines() == 0) return;
  points.keepFor(blockOffsets(splitter));
  points.finish(static_cast<uint64_t>(file.size()), static_cast<uint64_t>(splitter.textBytes()));
}

bool isZstd(const InputFile& file) {
  unsigned char magic[4];
  return file.readAt(0, magic, 4) == 4 && std::memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0;
}

}  // namespace

FileIndex indexFile(const std::string& path, int64_t lanes, int64_t max_block_bytes, bool header, const std::string& points_path) {
  if (lanes < 1 || max_block_bytes < 1) {
    throw configError("block-size", "[indexFile] wanted lanes and maxBlockBytes of at least 1, got " + std::to_string(lanes) + " and " +
                                        std::to_string(max_block_bytes));
  }
  const InputFile file(path);
  if (isZstd(file)) throw configError("zstd-input", "wanted plain text or gzip in " + path + ", got zstd: unpack it first (zstd -d)");
  BlockSplitter splitter(lanes, max_block_bytes, header);
  const bool gzip = file.isGzip();
  if (gzip) {
    scanGzip(file, splitter, points_path);
  } else {
    scanPlain(file, splitter);
  }
  if (splitter.header().size() > kMostHeaderBytes) {
    throw configError("data-header",
                      "wanted a first line of names in " + path + ", of at most " + std::to_string(kMostHeaderBytes) + " bytes, got a longer one");
  }
  if (splitter.lines() == 0) throw configError("empty-input", "wanted rows in " + path + ", the file has none");
  return {splitter.textBytes(), splitter.lines(), gzip, splitter.blocks(), splitter.header()};
}

}  // namespace lossmith
