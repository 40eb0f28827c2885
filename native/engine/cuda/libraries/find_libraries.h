// Opens every library that GPUs are used through, to say which are there.
#pragma once

#include <string>
#include <vector>

namespace lossmith {

struct LibraryFinding {
  std::string name;     // "NCCL"
  std::string path;     // empty: not found
  std::string version;  // "2.30.7"
  std::string why;      // of one that was not found: where it was looked for, how to get it
};

// Driver, cuBLASLt, NVRTC, NCCL.
std::vector<LibraryFinding> findLibraries();

}  // namespace lossmith
