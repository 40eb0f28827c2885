# Builds the engine and its addon: every .cc under engine/ and addon/, and every .cu where there is a CUDA compiler (find-nvcc.cjs); without one
# the addon is complete but for GPUs. Base names are unique. Hot loops choose their instruction set at run time, so the build itself targets
# plain x86-64. -ffp-contract=off: a fused multiply-add would make results depend on the machine.
# SWALLOW: an environment that is being torn down (a terminated worker_thread) takes no exception, and that must not end the process.
# nodelete: Node unloads the addon with the last environment that uses it, while engine threads may still run its code.
# CUDA's runtime is linked statically and opens the driver when it is first used, so one addon loads with and without a GPU.
{
  "variables": {
    "nvcc%": "<!(node find-nvcc.cjs nvcc)",
    "cuda_lib%": "<!(node find-nvcc.cjs lib)"
  },
  "targets": [
    {
      "target_name": "lossmith",
      "sources": ["<!@(node find-nvcc.cjs sources)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")", "."],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags": ["-Wall", "-Wextra"],
      "cflags_cc": ["-std=c++20", "-O3", "-fno-math-errno", "-ffp-contract=off", "-fexceptions", "-fvisibility=hidden"],
      "ldflags": ["-Wl,-z,nodelete"],
      "libraries": ["-ldnnl", "-lgloo", "-lz", "-lpthread", "-ldl"],
      "conditions": [
        ["nvcc!=''", {
          "libraries": ["<(cuda_lib)/libcudart_static.a", "-lrt"],
          "actions": [
            {
              "action_name": "embed",
              "variables": {"embedded": ["engine/scalar_functions.h", "engine/cuda/elementwise_pieces.h"]},
              "inputs": ["embed-sources.cjs", "<@(embedded)"],
              "outputs": ["<(INTERMEDIATE_DIR)/device_sources.cc"],
              "process_outputs_as_sources": 1,
              "message": "embedding sources of kernels that are compiled at run time",
              "action": ["node", "embed-sources.cjs", "<(INTERMEDIATE_DIR)/device_sources.cc", "<@(embedded)"]
            }
          ],
          "rules": [
            {
              "rule_name": "nvcc",
              "extension": "cu",
              "inputs": ["<!@(node find-nvcc.cjs headers)"],
              "outputs": ["<(INTERMEDIATE_DIR)/<(RULE_INPUT_ROOT).cu.o"],
              "process_outputs_as_sources": 1,
              "message": "nvcc <(RULE_INPUT_PATH)",
              "action": [
                "<(nvcc)", "-c", "<(RULE_INPUT_PATH)", "-o", "<(INTERMEDIATE_DIR)/<(RULE_INPUT_ROOT).cu.o", "-I.", "-std=c++20", "-O3",
                "--expt-relaxed-constexpr", "--extended-lambda", "-Werror", "all-warnings",
                "-gencode", "arch=compute_80,code=[sm_80,sm_90,compute_80]",
                "-Xcompiler", "-fPIC,-Wall,-Wextra,-Werror,-fvisibility=hidden,-ffp-contract=off,-fno-math-errno"
              ]
            }
          ]
        }]
      ]
    }
  ]
}
