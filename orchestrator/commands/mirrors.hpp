#pragma once

#include <vector>

#include "orchestrator/commands/describe.hpp"

// Whether descriptions contradict each other where a schema says that two lists mirror each other;
// see core/wire/mirrors.hpp. [lane] for what takes an Edit, else [any]
namespace evenkeel::commands {

// Inside a request; `at` is where the pointers of its entries begin ("/resources/"), "" for one.
std::vector<wire::WrongField> find_contradictions(const std::vector<DescriptionRequest>& requests,
                                                  const std::string& at);

// `conflict`, naming both sides, if an enforced description contradicts one that is enforced
// already and not part of the request. Reads what the request names and what names it, whatever
// else the host describes.
Result<void> refuse_contradictions(const state::View& view, const secrets::Protector& protector,
                                   const std::string& host,
                                   const std::vector<DescriptionRequest>& requests);

// Keeps which resources the description names.
Result<void> keep_names(state::Edit& edit, const std::string& host, const wire::Ref& ref,
                        const schema::Schema* schema, const json::Value& description);

}  // namespace evenkeel::commands
