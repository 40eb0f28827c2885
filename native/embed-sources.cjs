// For binding.gyp: `node embed-sources.cjs <out.cc> <header>...` writes the headers as text into a source file (engine/cuda/device_sources.h).
const { readFileSync, writeFileSync } = require('node:fs')

const [out, ...headers] = process.argv.slice(2)
const entries = headers.map((name) => `    {"${name}", R"source(${readFileSync(name, 'utf8')})source"},\n`)
writeFileSync(
  out,
  `#include "engine/cuda/device_sources.h"

namespace lossmith {
const DeviceSource kDeviceSources[] = {
${entries.join('')}};
const int kDeviceSourceCount = ${headers.length};
}  // namespace lossmith
`,
)
