#pragma once

#include <memory>
#include <string>

#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/instance.hpp"

// What the checks of changes have in common.
namespace evenkeel::validate::group_f {

// One resource to change, absent at the beginning and at the end.
class Subject {
  public:
    explicit Subject(Bench& bench) : bench_(bench) {
        bench.need(EK_CAP_APPLY, "apply");
        instance_ = bench.open();
        id = bench.samples().id(0);
        if (bench.can(EK_CAP_REMOVE)) instance_->clear(id);
    }
    ~Subject() {
        if (bench_.can(EK_CAP_REMOVE)) instance_->remove(id);
    }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    Told apply(const json::Value& description) { return instance_->must_apply(id, description); }
    Told plan(const json::Value& description) {
        Told told = instance_->plan(id, description);
        if (!told->ok()) broken("a plan fails for " + id, told->transcript());
        return told;
    }
    json::Value state() { return instance_->state(id); }
    Instance& instance() { return *instance_; }

    std::string id;

  private:
    Bench& bench_;
    std::unique_ptr<Instance> instance_;
};

// Of single fields: F11 to F14, and F18.
void omitted_stays(Bench& bench);
void read_only_cannot_be_set(Bench& bench);
void unknown_property_is_no_state(Bench& bench);
void each_property_alone(Bench& bench);
void secrets_stay_secret(Bench& bench);

}  // namespace evenkeel::validate::group_f
