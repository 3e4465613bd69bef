#include "core/choices.h"

namespace nodule {

const std::vector<std::string>* choices_of(const std::string& op, const std::string& parameter) {
  static const std::vector<std::string> reductions{"none", "mean", "sum"};
  static const std::vector<std::string> interpolations{"bilinear", "nearest", "bicubic"};
  static const std::vector<std::string> paddings{"zeros", "border", "reflection"};
  static const std::vector<std::string> bags{"sum", "mean", "max"};
  static const std::vector<std::string> distances{"use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist",
                                                  "donot_use_mm_for_euclid_dist"};
  if (parameter == "reduction") return &reductions;
  if (op.rfind("aten::grid_sampler", 0) == 0) {
    if (parameter == "interpolation_mode") return &interpolations;
    if (parameter == "padding_mode") return &paddings;
  }
  if (op == "aten::embedding_bag" && parameter == "mode") return &bags;
  if (op == "aten::cdist" && parameter == "compute_mode") return &distances;
  return nullptr;
}

}  // namespace nodule
