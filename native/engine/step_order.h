// In which order a trainer's calls make a step, and what the sums of the step allow. Each call says so first; a call that does not come at its
// turn throws and changes nothing. Errors: see trainer.h.
#pragma once

#include <cstdint>

#include "engine/exchange.h"

namespace lossmith {

class StepOrder {
 public:
  // The step is given up: what follows is a compute.
  void reset() { phase_ = Phase::None; }
  void beginCompute(bool search);
  void computed() { phase_ = Phase::Computed; }
  void beginExchange();
  StepSummary exchanged(StepSummary summary);
  void beginValidate() const { wantSearch("validate", Phase::Exchanged, summary_); }
  void validated() { phase_ = Phase::Validated; }
  void beginExchangeValidation();
  StepSummary validationExchanged(StepSummary summary);
  void beginTangents(int64_t step) const;
  void taught() { phase_ = Phase::Taught; }
  // False when there is nothing to update with.
  bool beginUpdate(int64_t step);

  // Of the last exchange of each kind.
  const StepSummary& summary() const { return summary_; }
  const StepSummary& validation() const { return validation_; }

 private:
  enum class Phase { None, Computed, Exchanged, Validated, ValidationExchanged, Taught };
  void wantSearch(const char* call, Phase wanted, const StepSummary& summary) const;

  Phase phase_ = Phase::None;
  bool searched_ = false;
  StepSummary summary_, validation_;
};

}  // namespace lossmith
