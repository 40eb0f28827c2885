// The trainer on a GPU, or on its emulation.
#pragma once

#include <memory>

#include "engine/trainer.h"

namespace lossmith {

// Throws Error(Config, "no-gpu") where there is none, also where the engine was built without CUDA.
std::unique_ptr<Trainer> createCudaTrainer(TrainerOptions options);

}  // namespace lossmith
