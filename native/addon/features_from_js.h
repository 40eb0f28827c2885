// FeaturePlan of common/job/features.ts as the engine takes it. JavaScript thread only.
#pragma once

#include <napi.h>

#include "engine/data/feature_plan.h"

namespace lossmith {

// Throws Error(Config, "features") when a column is not among the format's columns.
FeaturePlan featuresFromJs(const Napi::Object& from);

}  // namespace lossmith
