#include "core/call_errors.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "core/convert.h"
#include "core/names.h"
#include "core/slots.h"

namespace nodule {

namespace {

std::string short_name(const Overload& overload) {
  const auto& name = overload.handle.operator_name();
  return name.overload_name.empty() ? "(unnamed)" : name.overload_name;
}

std::string tensor_text(const at::Tensor& tensor) {
  std::ostringstream text;
  text << name_of_dtype(tensor.scalar_type()) << " [";
  for (std::int64_t i = 0; i < tensor.dim(); ++i) text << (i > 0 ? ", " : "") << tensor.size(i);
  text << "]";
  if (!tensor.device().is_cpu()) text << " " << tensor.device().str();
  return text.str();
}

std::string value_text(const Argument& argument) {
  if (argument.tag == Tag::kTensor) return tensor_text(tensor_at(argument.value));
  if (argument.tag == Tag::kTensorList) {
    std::string text = "[";
    const auto array = argument.value.As<Napi::Array>();
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      const at::Tensor tensor = optional_tensor_at(array.Get(i));
      text += (i > 0 ? ", " : "") + (tensor.defined() ? tensor_text(tensor) : "null");
    }
    return text + "]";
  }
  const Napi::Value& value = argument.value;
  const std::string text = value.ToString().Utf8Value();
  if (value.IsString()) return "'" + text + "'";
  if (value.IsArray()) return "[" + text + "]";
  return text;
}

std::string cut(const std::string& text) {
  constexpr std::size_t kShown = 120;
  return text.size() > kShown ? text.substr(0, kShown) + "…" : text;
}

std::string arguments_text(const Call& call, const Overload& overload) {
  std::string text;
  for (std::size_t i = 0; i < call.positional.size() && i < overload.parameters.size(); ++i) {
    text += (i > 0 ? ", " : "") + overload.parameters[i].name + ": " + cut(value_text(call.positional[i]));
  }
  for (std::size_t i = 0; i < call.named.size(); ++i) {
    text += (text.empty() ? "" : ", ") + call.names[i] + ": " + cut(value_text(call.named[i]));
  }
  return text;
}

std::string one_line(const std::string& text) {
  std::string line;
  for (const char letter : text) {
    const bool space = letter == '\n' || letter == ' ' || letter == '\t';
    if (!space) line += letter;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

std::string no_fit_text(const Call& call) {
  std::vector<c10::IValue> stack;
  const Overload* closest = nullptr;
  Misfit least;
  for (const Overload& overload : call.op->overloads) {
    Misfit misfit;
    fill_stack(call, overload, stack, &misfit);
    if (closest && misfit.fitted <= least.fitted) continue;
    closest = &overload;
    least = misfit;
  }
  std::string text = call.op->name + ": " + least.why + "; schema " + closest->text;
  std::string others;
  for (const Overload& overload : call.op->overloads) {
    if (&overload != closest) others += (others.empty() ? "" : ", ") + short_name(overload);
  }
  return others.empty() ? text : text + "; its other signatures do not fit either: " + others;
}

std::string rivals_text(const Call& call, const Overload& chosen, const Overload& rival) {
  return call.op->name + ": two signatures fit equally well, choose one with op('" + call.op->name +
         ".<overload>'): " + chosen.text + " and " + rival.text;
}

void rethrow_with_call(const Call& call, const Overload& overload, const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) throw;
  const std::string why = one_line(error.what_without_backtrace());
  const bool fixed = why.find("resize storage that is not resizable") != std::string::npos;
  throw std::runtime_error(
      call.op->name + "(" + arguments_text(call, overload) + "), schema " + overload.text + ": " + why +
      (fixed ? ". A tensor whose memory data() shows cannot grow, nor one that was shared. Use a clone()" : ""));
}

}  // namespace nodule
