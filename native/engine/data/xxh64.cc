// Published vectors of XXH64, checked when this compiles. The tests of the reader compare the run-time path with a second implementation.
#include "engine/data/xxh64.h"

namespace lossmith {

static_assert(xxh64("", 0) == 0xEF46DB3751D8E999ULL);
static_assert(xxh64("a", 0) == 0xD24EC4F1A98C6E5BULL);
static_assert(xxh64("abc", 0) == 0x44BC2CF5AD770999ULL);
static_assert(xxh64("Nobody inspects the spammish repetition", 0) == 0xFBCEA83C8A378BF1ULL);

}  // namespace lossmith
