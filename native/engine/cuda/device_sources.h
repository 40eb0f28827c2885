// Texts of headers that sources made at run time include: embed-sources.cjs writes them into the addon when it is built.
#pragma once

namespace lossmith {

struct DeviceSource {
  const char* name;  // as #include has it
  const char* text;
};
extern const DeviceSource kDeviceSources[];
extern const int kDeviceSourceCount;

}  // namespace lossmith
