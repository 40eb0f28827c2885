// Hot loops are compiled three times and the loader picks one by the machine. No function multiplies and adds in one rounding
// (-ffp-contract=off), so all three give the same bits.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define LOSSMITH_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LOSSMITH_CLONES
#endif
