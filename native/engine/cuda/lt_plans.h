// Products by cuBLASLt, each prepared once: descriptor, layouts, the algorithm that the library's heuristic puts first. The library is
// column-major: a row-major x is its transpose there, so out = a·b is asked for as outᵀ = bᵀ·aᵀ; its A is our b, its rows are our columns.
// An epilogue that the library has not, for these sizes or formats, is made simpler until it has it; the caller does the rest.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "engine/cuda/products.h"

namespace lossmith {

// Parts of an epilogue, by their bits in cublasLtEpilogue_t.
enum EpiloguePart : uint32_t {
  kEpilogueRelu = 2,
  kEpilogueBias = 4,
  kEpilogueGate = 8,
  kEpilogueColumnSums = 16,
  kEpilogueMask = 128,
  kEpilogueSumsOfB = 256
};

class LtPlans {
 public:
  LtPlans(Precision precision, void* workspace, size_t workspace_bytes);
  ~LtPlans();

  // Asks for the product; `masked`: its mask may be read. Returns the parts of its epilogue that the library does.
  uint32_t enqueue(Stream& stream, const Product& product, bool masked);

 private:
  struct Plan;
  using Key = std::vector<int64_t>;

  std::shared_ptr<Plan> makePlan(const Product& product, uint32_t epilogue);
  std::shared_ptr<Plan> prepare(const Product& product, uint32_t epilogue);
  void chooseAlgorithm(Plan& plan, const Product& product);
  bool call(Stream& stream, const std::shared_ptr<Plan>& plan, const Product& product);

  const Precision precision_;
  void* workspace_;
  const size_t workspace_bytes_;
  void* handle_ = nullptr;
  std::map<Key, std::shared_ptr<Plan>> plans_;
};

}  // namespace lossmith
