#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/relations.hpp"
#include "core/wire/resource.hpp"

// What a plugin can do with the resources of a collection, by the names of the ABI ("read",
// "remove"), and what nobody can ask of it therefore. [any]
namespace evenkeel::wire {

using Capabilities = std::vector<std::string>;

// Whether it can do this. No names at all: nobody has said, so that it may.
bool can(const Capabilities& capabilities, std::string_view capability);

// What is wrong with a description of this policy, which asks for absence or not: pointers into
// {"description","policy"}.
std::optional<WrongField> impossible_description(const Capabilities& capabilities,
                                                 const std::string& collection, bool absent,
                                                 Policy policy);
// Why a resource that is described under this policy cannot be removed.
std::optional<std::string> impossible_removal(const Capabilities& capabilities,
                                              const std::string& collection, Policy policy);

}  // namespace evenkeel::wire
