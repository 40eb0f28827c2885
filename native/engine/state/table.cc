// See table.h.
#include "engine/state/table.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "engine/errors.h"

namespace lossmith {
namespace {

constexpr int64_t kHugePage = 2 << 20;

}  // namespace

Table::Table(const TableSpec& spec, const OptimizerSpec& optimizer, bool tangent) : spec_(spec), optimizer_(optimizer), tangent_(tangent) {
  stride_ = spec.width * (optimizer.states() + tangent);
  const bool counted = spec.rows > 0 && spec.width > 0 && !__builtin_mul_overflow(stride_ * int64_t(sizeof(float)), spec.rows, &bytes_);
  if (!counted || bytes_ > INT64_MAX - kHugePage) {
    throw configError("table-too-large", "[table " + spec.name + "] wanted rows × width that fit 63 bits, got " + std::to_string(spec.rows) + " × " +
                                             std::to_string(spec.width));
  }
  // The kernel may promise more than there is, and end this process when it is written to.
  const int64_t memory = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  if (bytes_ > memory) {
    throw configError("table-too-large", "[table " + spec.name + "] wanted " + std::to_string(spec.rows) + " × " + std::to_string(spec.width) +
                                             " and the optimizer's state: " + std::to_string(bytes_ >> 20) + " MiB, this machine has " +
                                             std::to_string(memory >> 20) + " MiB of memory");
  }
  bytes_ = (bytes_ + kHugePage - 1) / kHugePage * kHugePage;
  void* mapped = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    throw configError("table-too-large",
                      "[table " + spec.name + "] wanted " + std::to_string(bytes_ >> 20) + " MiB, got: " + std::string(strerror(errno)));
  }
  madvise(mapped, bytes_, MADV_HUGEPAGE);  // advice: without huge pages it is only slower
  base_ = static_cast<float*>(mapped);
}

Table::~Table() { munmap(base_, bytes_); }

void Table::initialize(uint64_t seed, int64_t from, int64_t to) {
  drawRows(spec_.init, seed, spec_.name, from, to, spec_.width, base_ + from * stride_, stride_);
  for (int64_t row = from; row < to; row++) {
    float* states = base_ + row * stride_ + spec_.width;
    if (optimizer_.hasM()) states = std::fill_n(states, spec_.width, 0.0f);
    if (optimizer_.hasV()) std::fill_n(states, spec_.width, static_cast<float>(optimizer_.initial));
  }
}

void Table::read(int plane, int64_t first, int64_t count, float* out) const {
  while (count > 0) {
    const int64_t row = first / spec_.width, column = first % spec_.width, n = std::min(count, spec_.width - column);
    out = std::copy_n(base_ + row * stride_ + plane * spec_.width + column, n, out);
    first += n;
    count -= n;
  }
}

void Table::write(int plane, int64_t first, int64_t count, const float* in) {
  while (count > 0) {
    const int64_t row = first / spec_.width, column = first % spec_.width, n = std::min(count, spec_.width - column);
    std::copy_n(in, n, base_ + row * stride_ + plane * spec_.width + column);
    in += n;
    first += n;
    count -= n;
  }
}

}  // namespace lossmith
