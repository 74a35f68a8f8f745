#pragma once

#include <vector>

#include "core/json/json.hpp"
#include "core/plugin/redact.hpp"
#include "core/plugin/words.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::plugin {

// The described fields in which a state differs, by the x-ek-compare words, secrets redacted. A
// field with a default counts as described. The state may be redacted or not; null: it is absent.
// Pure. [any]
std::vector<wire::FieldDrift> compare_by_words(const Words& words, const json::Value& description,
                                               const json::Value& state,
                                               const Fingerprint& fingerprint);

}  // namespace evenkeel::plugin
