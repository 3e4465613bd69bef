// The U-Net as a JavaScript object. TypeScript keeps it in a private field, so `this` is always a UNetObject.
#include <torch/nn/module.h>

#include <memory>
#include <stdexcept>

#include "core/queue.h"
#include "core/slots.h"
#include "nn/init.h"
#include "nn/unet.h"

namespace nodule {

namespace {

UNetOptions read_options(const Napi::Object& object) {
  const auto integer = [&](const char* name) { return object.Get(name).As<Napi::Number>().Int64Value(); };
  const auto flag = [&](const char* name) { return object.Get(name).As<Napi::Boolean>().Value(); };
  UNetOptions options;
  options.in_channels = integer("inChannels");
  options.classes = integer("classes");
  options.depth = integer("depth");
  options.wf = integer("wf");
  options.padding = flag("padding");
  options.batch_norm = flag("batchNorm");
  options.upsample = flag("upsample");
  options.average_pooling = flag("averagePooling");
  options.input_norm = flag("inputNorm");
  options.sigmoid = flag("sigmoid");
  options.channels_last = flag("channelsLast");
  return options;
}

class UNetObject : public Napi::ObjectWrap<UNetObject> {
 public:
  static void define(Napi::Env env, Napi::Object exports) {
    exports.Set("UNet", DefineClass(env, "UNet",
                                    {InstanceMethod<&UNetObject::forward>("forward"),
                                     InstanceMethod<&UNetObject::forward_async>("forwardAsync"),
                                     InstanceMethod<&UNetObject::tensors>("tensors"),
                                     InstanceMethod<&UNetObject::set_training>("setTraining"),
                                     InstanceMethod<&UNetObject::prepare_inference>("prepareInference"),
                                     InstanceMethod<&UNetObject::initialize_as_book>("initializeAsBook"),
                                     InstanceMethod<&UNetObject::dispose>("dispose")}));
  }

  explicit UNetObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<UNetObject>(info) {
    guard(info, [&] {
      model_ = std::make_shared<UNetModel>(read_options(info[0].As<Napi::Object>()));
      return info.Env().Undefined();
    });
  }

 private:
  UNetModel& model() {
    if (!model_) throw std::invalid_argument("the U-Net was disposed");
    return *model_;
  }

  Napi::Value forward(const Napi::CallbackInfo& info) {
    return guard(info, [&] { return slot_of(info.Env(), model().forward(tensor_at(info[0]))); });
  }

  // forwardAsync(slot) -> promise of a slot. The job holds the model and the input, which may be disposed meanwhile.
  Napi::Value forward_async(const Napi::CallbackInfo& info) {
    return guard(info, [&]() -> Napi::Value {
      model();
      const auto tensor = std::make_shared<at::Tensor>(tensor_at(info[0]));
      return enqueue(
          info.Env(), [tensor, model = model_] { *tensor = model->forward(*tensor); },
          [tensor](Napi::Env env) { return slot_of(env, std::move(*tensor)); });
    });
  }

  Napi::Value tensors(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      const auto named = model().named_tensors();
      auto result = Napi::Array::New(info.Env(), named.size());
      for (std::uint32_t i = 0; i < named.size(); ++i) {
        auto entry = Napi::Object::New(info.Env());
        entry.Set("name", named[i].name);
        entry.Set("slot", slot_of(info.Env(), named[i].tensor));
        entry.Set("buffer", named[i].buffer);
        result.Set(i, entry);
      }
      return result;
    });
  }

  Napi::Value set_training(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      model().root().train(info[0].As<Napi::Boolean>().Value());
      return info.Env().Undefined();
    });
  }

  Napi::Value prepare_inference(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      model().prepare_inference();
      return info.Env().Undefined();
    });
  }

  Napi::Value initialize_as_book(const Napi::CallbackInfo& info) {
    return guard(info, [&] {
      model().initialize_as_book(info[0].As<Napi::Boolean>().Value());
      return info.Env().Undefined();
    });
  }

  Napi::Value dispose(const Napi::CallbackInfo& info) {
    model_.reset();
    return info.Env().Undefined();
  }

  std::shared_ptr<UNetModel> model_;
};

}  // namespace

void init_unet(Napi::Env env, Napi::Object exports) { UNetObject::define(env, exports); }

}  // namespace nodule
