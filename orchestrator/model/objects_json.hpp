#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orchestrator/compile/objects.hpp"
#include "orchestrator/model/model.hpp"

// The objects of the model and their JSON, as clients give it. Each reader adds what is wrong to
// `wrong`, with pointers into the body. [any]
namespace evenkeel::model {

// {"note","protected","source"}
compile::Environment read_environment(const std::string& name, const json::Value& body,
                                      std::vector<WrongChange>& wrong);
// {"value","secret","link":{"scope","key"},"source"}
compile::Setting read_setting(const json::Value& body, std::vector<WrongChange>& wrong);
// {"application","version","environment","host","filter","policy","enabled","adopt","on_leave",
// "note","source"}; the host by id. Members of `settings` are settings of their own.
compile::Assignment read_assignment(const std::string& name, const json::Value& body,
                                    std::vector<WrongChange>& wrong);

// Takes the member `source` out of the body of any object: the folder of manifests that says it, by
// which it is deleted when the folder does not say it any more. Empty: none.
std::string take_source(json::Value& body, std::vector<WrongChange>& wrong);

// "SCOPE KEY"
std::string setting_name(const compile::Place& place);
// `invalid` when it is no such name.
Result<compile::Place> read_setting_name(std::string_view name);

}  // namespace evenkeel::model
