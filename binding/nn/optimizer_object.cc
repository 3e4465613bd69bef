// A fused optimizer as a JavaScript object, which TypeScript keeps in a private field.
#include <memory>
#include <stdexcept>

#include "core/slots.h"
#include "nn/fused_optimizer.h"
#include "nn/init.h"

namespace nodule {

namespace {

Rule rule_of(const std::string& name) {
  if (name == "adam") return Rule::kAdam;
  if (name == "adamW") return Rule::kAdamW;
  if (name == "sgd") return Rule::kSgd;
  throw std::invalid_argument("optimizer: the rule is '" + name + "', expected adam, adamW or sgd");
}

void read_settings(const Napi::Object& object, OptimizerSettings& settings) {
  const auto number = [&](const char* name, double& field) {
    if (object.Has(name)) field = object.Get(name).As<Napi::Number>().DoubleValue();
  };
  const auto flag = [&](const char* name, bool& field) {
    if (object.Has(name)) field = object.Get(name).As<Napi::Boolean>().Value();
  };
  number("lr", settings.lr);
  number("beta1", settings.beta1);
  number("beta2", settings.beta2);
  number("eps", settings.eps);
  number("weightDecay", settings.weight_decay);
  number("momentum", settings.momentum);
  number("dampening", settings.dampening);
  flag("amsgrad", settings.amsgrad);
  flag("nesterov", settings.nesterov);
  flag("maximize", settings.maximize);
}

class OptimizerObject : public Napi::ObjectWrap<OptimizerObject> {
 public:
  static void define(Napi::Env env, Napi::Object exports) {
    exports.Set("FusedOptimizer", DefineClass(env, "FusedOptimizer",
                                              {InstanceMethod<&OptimizerObject::step>("step"),
                                               InstanceMethod<&OptimizerObject::zero_grad>("zeroGrad"),
                                               InstanceMethod<&OptimizerObject::set>("set"),
                                               InstanceMethod<&OptimizerObject::state_of>("stateOf"),
                                               InstanceMethod<&OptimizerObject::load_states>("loadStates"),
                                               InstanceMethod<&OptimizerObject::dispose>("dispose")}));
  }

  // new FusedOptimizer(rule, slots of the parameters, settings)
  explicit OptimizerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<OptimizerObject>(info) {
    guard(info, [&] {
      OptimizerSettings settings;
      read_settings(info[2].As<Napi::Object>(), settings);
      optimizer_ = std::make_unique<FusedOptimizer>(rule_of(info[0].As<Napi::String>().Utf8Value()),
                                                    tensors_at(info[1]), settings);
      return info.Env().Undefined();
    });
  }

 private:
  FusedOptimizer& optimizer() {
    if (!optimizer_) throw std::invalid_argument("the optimizer was disposed");
    return *optimizer_;
  }

  Napi::Value step(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      optimizer().step(optional_tensor_at(info[0]), optional_tensor_at(info[1]));
      return info.Env().Undefined();
    });
  }

  Napi::Value zero_grad(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      optimizer().zero_grad();
      return info.Env().Undefined();
    });
  }

  Napi::Value set(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      read_settings(info[0].As<Napi::Object>(), optimizer().settings());
      return info.Env().Undefined();
    });
  }

  // stateOf(index) -> [[name, slot], …]
  Napi::Value state_of(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      const auto named = optimizer().state_of(info[0].As<Napi::Number>().Uint32Value());
      auto result = Napi::Array::New(info.Env(), named.size());
      for (std::uint32_t i = 0; i < named.size(); ++i) {
        auto pair = Napi::Array::New(info.Env(), 2);
        pair.Set(0u, Napi::String::New(info.Env(), named[i].first));
        pair.Set(1u, slot_of(info.Env(), named[i].second));
        result.Set(i, pair);
      }
      return result;
    });
  }

  // loadStates([[name, …], …], [[slot, …], …]), one of each per parameter
  Napi::Value load_states(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      const auto all_names = info[0].As<Napi::Array>();
      const auto all_slots = info[1].As<Napi::Array>();
      std::vector<NamedState> states;
      for (std::uint32_t index = 0; index < all_names.Length(); ++index) {
        const auto names = all_names.Get(index).As<Napi::Array>();
        const auto tensors = tensors_at(all_slots.Get(index));
        NamedState state;
        for (std::uint32_t i = 0; i < names.Length(); ++i) {
          state.emplace_back(names.Get(i).As<Napi::String>().Utf8Value(), tensors.at(i));
        }
        states.push_back(std::move(state));
      }
      optimizer().load_states(states);
      return info.Env().Undefined();
    });
  }

  Napi::Value dispose(const Napi::CallbackInfo& info) {
    optimizer_.reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<FusedOptimizer> optimizer_;
};

}  // namespace

void init_optimizers(Napi::Env env, Napi::Object exports) { OptimizerObject::define(env, exports); }

}  // namespace nodule
