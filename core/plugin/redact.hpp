#pragma once

#include <string>

#include "core/json/json.hpp"
#include "core/plugin/answers.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/words.hpp"

// Nothing secret leaves core/plugin: what is secret goes on as {"redacted": fingerprint}. [any]
namespace evenkeel::plugin {

// `value` as {"redacted": ...}; null and what is redacted already stay. A digest gives the same
// fingerprint from a state, a change (whose diff is left out) and a comparison.
json::Value redacted(const json::Value& value, const Fingerprint& fingerprint);

json::Value redact_state(const Words& words, const json::Value& description, json::Value state,
                         const Fingerprint& fingerprint);
void redact_change(const Words& words, const json::Value& description, ToldChange& told,
                   const Fingerprint& fingerprint);

// The text with every secret of the description in it blotted out.
std::string redact_text(const Words& words, const json::Value& description, std::string text);

}  // namespace evenkeel::plugin
