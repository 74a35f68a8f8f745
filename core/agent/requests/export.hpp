#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

// Writes descriptions of the machine's present state, in the order in which `apply` can repeat them
// elsewhere. Secrets and file contents are not redacted: for local administrators only. [loop]
class Export {
  public:
    struct Parts {
        Catalog& catalog;
        CollectionRegistry& registry;
        std::shared_ptr<const AgentStore> store;
    };
    // By collection: the ids to export, or an empty list for all of them. An empty map: everything.
    using Selection = std::map<std::string, std::vector<std::string>>;

    // Calls `answer` once with {"resources","notes","complete"}: notes are sentences about what is
    // missing, and complete is true when nothing is missing that was asked for.
    static void run(Parts parts, Selection request, std::chrono::milliseconds timeout,
                    std::function<void(wire::Reply)> answer);

  private:
    struct Found;

    Export(Parts parts, std::function<void(wire::Reply)> answer)
        : parts_(std::move(parts)), answer_(std::move(answer)) {}
    static void next(const std::shared_ptr<Export>& self);
    void add_items(const std::string& collection, const Found& found);
    void add_note(const std::string& text, bool is_missing);
    void finish();

    Parts parts_;
    std::function<void(wire::Reply)> answer_;
    Selection selection_;
    std::vector<std::string> left_;  // collections, the next one last
    std::uint64_t deadline_ns_ = 0;
    json::Array resources_, notes_;
    bool complete_ = true;
};

// The collections in the order in which their descriptions are to be applied: each after those that
// its schema names by x-ek-after, else by name. Requires that all are there.
std::vector<std::string> in_order_of_apply(std::vector<std::string> names,
                                           const CollectionRegistry& registry);

// {"what":[{"collection","id"?}...]} of a request; `invalid` if it is something else.
Result<Export::Selection> decode_export(const json::Value& arguments);

}  // namespace evenkeel::agent
