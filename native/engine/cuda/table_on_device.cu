// See table_on_device.h. Normal draws take logarithm, sine and cosine of float64, which a GPU and the C library compute a few units apart in the
// last place: after rounding to float32 nearly always the same. A draw so near to the middle of two floats that it might not be is told, and its
// row is drawn again on the host.
#include <algorithm>
#include <cstring>

#include "engine/cuda/floats.cuh"
#include "engine/cuda/table_on_device.h"
#include "engine/state/init_arithmetic.h"

namespace lossmith {
namespace {

constexpr int64_t kDrawsPerLaunch = int64_t{1} << 26;
constexpr uint64_t kUnsure = 64;  // units of float64: libraries differ by less than ten

// Might a value a few units of float64 away from this one round to another float32?
__host__ __device__ bool unsure(double x) {
  if (x == 0) return false;
  if (x < 0x1p-126 && x > -0x1p-126) return true;                             // subnormal floats are rounded elsewhere
  constexpr uint64_t kDropped = 29, kMiddle = uint64_t{1} << (kDropped - 1);  // bits of a double that a float has not
  const uint64_t dropped = bitsAs<uint64_t>(x) & ((uint64_t{1} << kDropped) - 1);
  return dropped + kUnsure >= kMiddle && dropped <= kMiddle + kUnsure;
}

// Rows from `first` on: a thread has four columns of a row's weight, and of its states. unsure_rows: how many, then the rows.
struct InitializeRows {
  DeviceTable table;
  int64_t first;
  RowParts parts;
  InitKind kind;
  double value;
  PhiloxKey key;
  int v;  // plane that begins at `initial`; the others begin at 0
  float initial;
  int64_t* unsure_rows;
  int64_t capacity;

  __host__ __device__ void operator()(int64_t i) const {
    const RowPart at = parts.of(i);
    const int64_t row = first + at.row, four = at.part * 4, end = four + 4 < table.width ? four + 4 : table.width;
    float* weight = table.data + row * table.stride;
    const bool random = kind == InitKind::Normal || kind == InitKind::Uniform;
    const PhiloxWords words = random ? initWords(key, row, four) : PhiloxWords{};
    bool tell = false;
    for (int64_t column = four; column < end; column++) {
      const double drawn = random ? drawOf(kind, value, words, column) : kind == InitKind::Constant ? value : 0;
      weight[column] = static_cast<float>(drawn);
      tell = tell || (kind == InitKind::Normal && unsure(drawn));
      for (int plane = 1; plane * table.width < table.stride; plane++) weight[plane * table.width + column] = plane == v ? initial : 0;
    }
    if (tell) tellRow(row);
  }

  __host__ __device__ void tellRow(int64_t row) const {
#ifdef __CUDA_ARCH__
    const auto at = static_cast<int64_t>(atomicAdd(reinterpret_cast<unsigned long long*>(unsure_rows), 1ull));
#else
    const int64_t at = (*unsure_rows)++;
#endif
    if (at < capacity) unsure_rows[1 + at] = row;
  }
};

// `packed` is n elements of a plane from `first` on, row-major without gaps.
template <bool kRead>
struct CopyPlane {
  float *plane, *packed;  // plane: of row 0
  int64_t first, stride;
  RowParts columns;

  __host__ __device__ void operator()(int64_t i) const {
    const RowPart at = columns.of(first + i);
    float& element = plane[at.row * stride + at.part];
    if constexpr (kRead) packed[i] = element;
    else element = packed[i];
  }
};

int64_t bytesOf(const TableSpec& spec, int64_t stride) {
  int64_t bytes = 0;
  if (spec.rows > 0 && spec.width > 0 && !__builtin_mul_overflow(stride * int64_t(sizeof(float)), spec.rows, &bytes)) return bytes;
  throw configError("table-too-large", "[table " + spec.name + "] wanted rows × width that fit 63 bits, got " + std::to_string(spec.rows) + " × " +
                                           std::to_string(spec.width));
}

}  // namespace

TransferBuffer::TransferBuffer(Device& on, int64_t size) : floats(size), host(on, size * sizeof(float)), device(on, size * sizeof(float)) {}

TableOnDevice::TableOnDevice(Device& device, const TableSpec& spec, const OptimizerSpec& optimizer, bool tangent)
    : spec_(spec),
      optimizer_(optimizer),
      stride_(spec.width * (optimizer.states() + tangent)),
      tangent_(tangent ? spec.width * optimizer.states() : -1),
      memory_(device, bytesOf(spec, stride_)) {}

DeviceTable TableOnDevice::view() const { return {memory_.as<float>(), spec_.rows, spec_.width, stride_, tangent_}; }

void TableOnDevice::initialize(Stream& stream, TransferBuffer& transfer, uint64_t seed) {
  const RowParts parts((spec_.width + 3) / 4);
  const int64_t rows = std::max<int64_t>(1, kDrawsPerLaunch / spec_.width), capacity = transfer.floats / 2 - 1;
  auto* const unsure_rows = transfer.device.as<int64_t>();
  auto* const told = transfer.host.as<int64_t>();
  for (int64_t first = 0; first < spec_.rows; first += rows) {
    const int64_t end = std::min(spec_.rows, first + rows);
    stream.fill(unsure_rows, 0, sizeof(int64_t));
    forEach(stream, (end - first) * parts.parts,
            InitializeRows{view(), first, parts, spec_.init.kind, spec_.init.value, initKey(seed, spec_.name),
                           optimizer_.hasV() ? optimizer_.states() - 1 : 0, static_cast<float>(optimizer_.initial), unsure_rows, capacity});
    stream.copyOut(told, unsure_rows, sizeof(int64_t));
    stream.synchronize();
    if (*told > capacity) {
      drawOnHost(stream, transfer, seed, first, end);
    } else if (*told > 0) {
      stream.copyOut(told, unsure_rows, (1 + *told) * sizeof(int64_t));
      stream.synchronize();
      for (const int64_t row : std::vector<int64_t>(told + 1, told + 1 + *told)) drawOnHost(stream, transfer, seed, row, row + 1);
    }
  }
}

void TableOnDevice::drawOnHost(Stream& stream, TransferBuffer& transfer, uint64_t seed, int64_t from, int64_t to) {
  const int64_t rows = std::max<int64_t>(1, transfer.floats / spec_.width);
  std::vector<float> weights(std::min(rows, to - from) * spec_.width);
  for (int64_t first = from; first < to; first += rows) {
    const int64_t end = std::min(to, first + rows);
    drawRows(spec_.init, seed, spec_.name, first, end, spec_.width, weights.data(), spec_.width);
    write(stream, transfer, 0, first * spec_.width, (end - first) * spec_.width, weights.data());
  }
}

// Two halves take turns: one is on its way while the host copies the other.
void TableOnDevice::read(Stream& stream, TransferBuffer& transfer, int plane, int64_t first, int64_t count, float* out) const {
  const int64_t half = transfer.floats / 2;
  Event arrived[2] = {Event(stream.device()), Event(stream.device())};
  for (int64_t at = 0, turn = 0; at - half < count; at += half, turn++) {
    if (at < count) {
      float *packed = transfer.device.as<float>() + turn % 2 * half, *host = transfer.host.as<float>() + turn % 2 * half;
      const int64_t n = std::min(half, count - at);
      forEach(stream, n, CopyPlane<true>{memory_.as<float>() + plane * spec_.width, packed, first + at, stride_, RowParts(spec_.width)});
      stream.copyOut(host, packed, n * sizeof(float));
      arrived[turn % 2].record(stream);
    }
    if (turn == 0) continue;
    arrived[(turn - 1) % 2].synchronize();
    std::copy_n(transfer.host.as<float>() + (turn - 1) % 2 * half, std::min(half, count - (at - half)), out + (at - half));
  }
}

void TableOnDevice::write(Stream& stream, TransferBuffer& transfer, int plane, int64_t first, int64_t count, const float* in) {
  const int64_t half = transfer.floats / 2;
  Event taken[2] = {Event(stream.device()), Event(stream.device())};
  for (int64_t at = 0, turn = 0; at < count; at += half, turn++) {
    float *packed = transfer.device.as<float>() + turn % 2 * half, *host = transfer.host.as<float>() + turn % 2 * half;
    const int64_t n = std::min(half, count - at);
    if (turn >= 2) taken[turn % 2].synchronize();
    std::copy_n(in + at, n, host);
    stream.copyIn(packed, host, n * sizeof(float));
    forEach(stream, n, CopyPlane<false>{memory_.as<float>() + plane * spec_.width, packed, first + at, stride_, RowParts(spec_.width)});
    taken[turn % 2].record(stream);
  }
  stream.synchronize();
}

}  // namespace lossmith
