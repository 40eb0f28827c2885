// How long a launch of a program takes on a device.
#pragma once

#include <string>

namespace lossmith {

struct InstructionTime {
  std::string instruction;  // its op and sizes; several, where one launch does them
  double milliseconds = 0;
};

}  // namespace lossmith
