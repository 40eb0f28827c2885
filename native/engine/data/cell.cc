// See cell.h.
#include "engine/data/cell.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lossmith {
namespace {

std::string wantedLabel(const FeaturePlan& plan) {
  if (plan.classes > 1) {
    return "a whole number from " + std::to_string(plan.first_class) + " to " + std::to_string(plan.first_class + plan.classes - 1);
  }
  return plan.format.kind == LogFormat::Kind::Libsvm ? "-1, 0 or 1" : "0 or 1";
}

// -1 for none.
int64_t clickOf(std::string_view cell, bool libsvm) {
  if (cell == "1" || (libsvm && cell == "+1")) return 1;
  return cell == "0" || (libsvm && cell == "-1") ? 0 : -1;
}

}  // namespace

Parsed parseDecimal(std::string_view text, int64_t& whole, double& decimal) {
  whole = 0;
  const Parsed integer = parseInteger(text, whole);
  decimal = static_cast<double>(whole);
  if (integer != Parsed::NotOne) return integer;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, decimal);
  if (stop != end || error == std::errc::invalid_argument) return Parsed::NotOne;
  if (error == std::errc::result_out_of_range) {
    if (text.find("e-") == text.npos && text.find("E-") == text.npos) return Parsed::TooBig;
    decimal = 0;
  }
  if (!std::isfinite(decimal)) return Parsed::NotOne;  // words: "nan", "inf"
  if (!(decimal >= -0x1p63 && decimal < 0x1p63)) return Parsed::TooBig;
  whole = static_cast<int64_t>(std::floor(decimal));
  return Parsed::Good;
}

bool parseLabel(std::string_view cell, const FeaturePlan& plan, float& label, std::string& reason) {
  int64_t place = -1;
  if (plan.classes == 1) {
    place = clickOf(cell, plan.format.kind == LogFormat::Kind::Libsvm);
  } else if (int64_t value = 0; !cell.empty() && parseInteger(cell, value) == Parsed::Good && value >= plan.first_class) {
    place = value - plan.first_class;
  }
  if (place < 0 || place >= std::max<int64_t>(plan.classes, 2)) {
    reason = "label: wanted " + wantedLabel(plan) + ", got " + quoted(cell);
    return false;
  }
  label = static_cast<float>(place);
  return true;
}

std::string quoted(std::string_view cell) {
  constexpr size_t kMost = 40;
  std::string out("\"");
  return out.append(cell.substr(0, kMost)).append(cell.size() > kMost ? "…\"" : "\"");
}

}  // namespace lossmith
