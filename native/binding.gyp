# Builds the engine and its addon: every .cc under engine/ and addon/. Base names are unique. Hot loops choose their instruction set at
# run time, so the build itself targets plain x86-64. -ffp-contract=off: a fused multiply-add would make results depend on the machine.
# SWALLOW: an environment that is being torn down (a terminated worker_thread) takes no exception, and that must not end the process.
# nodelete: Node unloads the addon with the last environment that uses it, while engine threads may still run its code.
{
  "variables": {
    "find": "require('node:fs').readdirSync(d,{recursive:true}).filter(f=>f.endsWith('.cc')).sort().map(f=>d+'/'+f).join(' ')"
  },
  "targets": [
    {
      "target_name": "lossmith",
      "sources": [
        "<!@(node -p \"const d='engine';<(find)\")",
        "<!@(node -p \"const d='addon';<(find)\")"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")", "."],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags": ["-Wall", "-Wextra"],
      "cflags_cc": ["-std=c++20", "-O3", "-fno-math-errno", "-ffp-contract=off", "-fexceptions", "-fvisibility=hidden"],
      "ldflags": ["-Wl,-z,nodelete"],
      "libraries": ["-ldnnl", "-lgloo", "-lz", "-lpthread"]
    }
  ]
}
