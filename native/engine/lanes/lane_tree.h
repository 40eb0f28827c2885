// The one order in which values of lanes are added: a binary tree over L leaves, L a power of two. A node covers an aligned range of
// lanes; it is the sum of its halves, or a copy of the only half that is present (never x + 0: −0 + 0 = +0). So any aligned subtree can
// be summed anywhere and the result is the same bits. Ranks own contiguous ranges of lanes and sum their maximal aligned subtrees.
#pragma once

#include <cstdint>
#include <vector>

namespace lossmith {

// What is known of an aligned subtree: its first lane, and its n floats. A lane by itself is the smallest.
struct TreeLeaf {
  int lane;
  const float* values;
};

// out[0..n) = the tree's sum of `count` ≥ 1 disjoint subtrees, ascending by lane, over `lanes` leaves. out overlaps no
// leaf. `scratch` grows as needed and is kept by the caller.
void addTree(const TreeLeaf* leaves, int count, int lanes, int64_t n, float* out, std::vector<float>& scratch);

// The first lanes of the maximal aligned subtrees of lanes first..first+count, ascending; a subtree ends where the next begins.
std::vector<int> alignedSubtrees(int first, int count);

// The same tree over scalars; absent where present[i] is false. 0 when none is present.
double addScalarTree(const std::vector<double>& values, const std::vector<bool>& present);

// True when a value is infinite or no number.
bool hasNonFinite(const float* values, int64_t n);

}  // namespace lossmith
