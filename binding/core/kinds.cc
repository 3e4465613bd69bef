#include "core/convert.h"

namespace nodule {

namespace {

Kind list_kind(const c10::Type& element, bool& optional_elements) {
  switch (element.kind()) {
    case c10::TypeKind::TensorType:
      return Kind::kTensorList;
    case c10::TypeKind::OptionalType: {
      const auto inner = element.cast<c10::OptionalType>()->getElementType();
      optional_elements = inner->kind() == c10::TypeKind::TensorType;
      return optional_elements ? Kind::kTensorList : Kind::kUnsupported;
    }
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return Kind::kIntList;
    case c10::TypeKind::FloatType:
      return Kind::kFloatList;
    case c10::TypeKind::BoolType:
      return Kind::kBoolList;
    case c10::TypeKind::NumberType:
      return Kind::kScalarList;
    default:
      return Kind::kUnsupported;
  }
}

}  // namespace

Kind kind_of(const c10::Type& type, bool& optional, bool& optional_elements) {
  switch (type.kind()) {
    case c10::TypeKind::OptionalType:
      optional = true;
      return kind_of(*type.cast<c10::OptionalType>()->getElementType(), optional, optional_elements);
    case c10::TypeKind::TensorType:
      return Kind::kTensor;
    case c10::TypeKind::ListType:
      return list_kind(*type.cast<c10::ListType>()->getElementType(), optional_elements);
    case c10::TypeKind::NumberType:
      return Kind::kScalar;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return Kind::kInt;
    case c10::TypeKind::FloatType:
      return Kind::kFloat;
    case c10::TypeKind::BoolType:
      return Kind::kBool;
    case c10::TypeKind::StringType:
      return Kind::kString;
    case c10::TypeKind::ScalarTypeType:
      return Kind::kScalarType;
    case c10::TypeKind::LayoutType:
      return Kind::kLayout;
    case c10::TypeKind::MemoryFormatType:
      return Kind::kMemoryFormat;
    case c10::TypeKind::DeviceObjType:
      return Kind::kDevice;
    case c10::TypeKind::GeneratorType:
      return Kind::kGenerator;
    default:
      return Kind::kUnsupported;
  }
}

}  // namespace nodule
