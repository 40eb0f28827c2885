// See step_order.h.
#include "engine/step_order.h"

#include <string>
#include <utility>

#include "engine/errors.h"

namespace lossmith {

void StepOrder::beginCompute(bool search) {
  phase_ = Phase::None;
  searched_ = search;
}

void StepOrder::beginExchange() {
  if (phase_ != Phase::Computed) throw brokenError("exchange-without-compute", "[exchange] wanted gradients of a new step, got none");
  phase_ = Phase::None;
}

StepSummary StepOrder::exchanged(StepSummary summary) {
  phase_ = Phase::Exchanged;
  return summary_ = std::move(summary);
}

void StepOrder::beginExchangeValidation() {
  wantSearch("exchangeValidation", Phase::Validated, summary_);
  phase_ = Phase::None;
}

StepSummary StepOrder::validationExchanged(StepSummary summary) {
  phase_ = Phase::ValidationExchanged;
  return validation_ = std::move(summary);
}

void StepOrder::beginTangents(int64_t step) const {
  wantSearch("tangents", Phase::ValidationExchanged, validation_);
  if (step < 1) throw configError("step", "[tangents] wanted a step of at least 1, got " + std::to_string(step));
}

bool StepOrder::beginUpdate(int64_t step) {
  if (phase_ < Phase::Exchanged) throw brokenError("update-without-exchange", "[update] wanted an exchange of this step, got none");
  if (step < 1) throw configError("step", "[update] wanted a step of at least 1, got " + std::to_string(step));
  if (!summary_.not_finite.empty()) {
    std::string lanes;
    for (int lane : summary_.not_finite) lanes.append(" ").append(std::to_string(lane));
    throw brokenError("not-finite", "[update] wanted finite losses and gradients, got others in step " + std::to_string(step) + ", lanes" + lanes);
  }
  phase_ = Phase::None;
  return summary_.examples > 0;
}

void StepOrder::wantSearch(const char* call, Phase wanted, const StepSummary& summary) const {
  const std::string name = std::string("[") + call + "] wanted ";
  if (!searched_ || phase_ != wanted) {
    throw brokenError("search-order", name + "compute with search, exchange, validate, exchangeValidation, tangents in this order, got another");
  }
  if (summary.examples == 0 || !summary.not_finite.empty()) {
    throw brokenError("search-order", name + "examples with finite gradients, got " + std::to_string(summary.examples) + " examples, " +
                                          std::to_string(summary.not_finite.size()) + " lanes that are not finite");
  }
}

}  // namespace lossmith
