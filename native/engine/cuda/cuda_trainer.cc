// See cuda_trainer.h.
#include "engine/cuda/cuda_trainer.h"

#include "engine/errors.h"

namespace lossmith {

std::unique_ptr<Trainer> createCudaTrainer(TrainerOptions) {
  throw configError("no-gpu", "[trainer] wanted a trainer for GPUs, got an engine that is not yet able to");
}

}  // namespace lossmith
