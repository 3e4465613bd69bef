// Names of dtypes and devices, as JavaScript uses them.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace nodule {

// Throw std::invalid_argument on an unknown name.
at::ScalarType dtype_of_name(const std::string& name);
c10::Device device_of_name(const std::string& name);

const char* name_of_dtype(at::ScalarType dtype);

}  // namespace nodule
