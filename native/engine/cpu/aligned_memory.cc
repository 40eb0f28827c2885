// See aligned_memory.h.
#include "engine/cpu/aligned_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "engine/errors.h"

namespace lossmith {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

std::byte* AlignedMemory::reserve(size_t bytes) {
  if (bytes <= capacity_) return data();
  const size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
  const size_t size = (bytes + alignment - 1) / alignment * alignment;
  memory_.reset();
  capacity_ = 0;
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, size)));
  if (!memory_) throw brokenError("out-of-memory", "[memory] wanted " + std::to_string(size) + " bytes, got none");
  if (alignment == kHugePage) madvise(memory_.get(), size, MADV_HUGEPAGE);
  std::memset(memory_.get(), 0, size);
  capacity_ = size;
  return data();
}

void AlignedMemory::Free::operator()(std::byte* memory) const { std::free(memory); }

}  // namespace lossmith
