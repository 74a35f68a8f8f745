#include "core/agent/requests/export.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/agent/requests/local_protocol.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/schema/fields.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::size_t kDescriptionBytesMost = 512 << 10;
// Below the limit of one line on the local socket.
constexpr std::size_t kExportBytesMost = kLocalBytesMost - (64 << 10);

using Items = Result<std::vector<plugin::Item>>;

// A plugin cannot read write-only fields ("sensitive"): they are taken from the stored description.
void add_write_only_fields(const plugin::Collection& collection, const AgentStore& store,
                           plugin::Item& item) {
    const auto stored = store.description({collection.name(), item.id});
    if (!stored || !*stored || item.error) return;
    const schema::Fields fields(collection.schema());
    for (const schema::Field& field : fields) {
        const json::Value* value = (*stored)->body.find(field.name);
        const bool kept =
            field.property.write_only && field.property.compare != schema::Comparison::digest;
        if (value && kept && !item.state.find(field.name)) {
            item.state.as_object().set(field.name, *value);
        }
    }
}

}  // namespace

struct Export::Found {
    Items items;
    std::vector<std::string> asked;  // ids that must exist
    bool only_described = false;     // the collection cannot be listed
};

std::vector<std::string> in_order_of_apply(std::vector<std::string> names,
                                           const CollectionRegistry& registry) {
    std::sort(names.begin(), names.end());
    std::vector<std::string> order;
    while (!names.empty()) {
        auto next = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
            return std::none_of(names.begin(), names.end(), [&](const std::string& other) {
                return other != name && registry.comes_after(name, other);
            });
        });
        // A cycle: any of them may be the first.
        if (next == names.end()) next = names.begin();
        order.push_back(std::move(*next));
        names.erase(next);
    }
    return order;
}

Result<Export::Selection> decode_export(const json::Value& arguments) {
    Export::Selection request;
    const json::Value& what = arguments["what"];
    if (!what.is_array()) return fail(Errc::invalid, "'what' is not a list");
    std::set<std::string> whole;
    for (const json::Value& entry : what.as_array()) {
        const std::string collection = entry.string_or("collection");
        const std::string id = entry.string_or("id");
        if (collection.empty()) return fail(Errc::invalid, "an entry of 'what' has no collection");
        if (id.empty()) whole.insert(collection);
        std::vector<std::string>& ids = request[collection];
        if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    }
    for (const std::string& collection : whole) request[collection].clear();
    return request;
}

void Export::run(Parts parts, Selection request, std::chrono::milliseconds timeout,
                 std::function<void(wire::Reply)> answer) {
    const std::shared_ptr<Export> self(new Export(std::move(parts), std::move(answer)));
    const CollectionRegistry& registry = self->parts_.registry;
    for (const auto& [name, ids] : request) {
        if (registry.find(name)) continue;
        return self->answer_({registry.why_missing(name), json::Object{}});
    }
    if (request.empty())
        for (const auto& [name, runner] : registry) request[name];
    std::vector<std::string> names;
    for (const auto& [name, ids] : request) names.push_back(name);
    self->left_ = in_order_of_apply(std::move(names), registry);
    std::reverse(self->left_.begin(), self->left_.end());
    self->selection_ = std::move(request);
    self->deadline_ns_ =
        now_monotonic_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count());
    next(self);
}

// The call under way keeps `self` alive.
void Export::next(const std::shared_ptr<Export>& self) {
    if (self->left_.empty()) return self->finish();
    const std::string name = std::move(self->left_.back());
    self->left_.pop_back();
    const std::vector<std::string> asked = self->selection_.at(name);
    const std::vector<std::string> described = self->parts_.catalog.ids_of(name);
    self->parts_.registry.find(name)->run<Found>(
        PluginCall("export", self->deadline_ns_),
        [asked, described, store = self->parts_.store](LaneContext& lane,
                                                       const plugin::Call& call) {
            plugin::Collection& collection = *lane.collection;
            Found found{collection.describe(asked, call), asked, false};
            if (!found.items && asked.empty() && found.items.error().code == Errc::unsupported) {
                found.only_described = true;
                found.items = std::vector<plugin::Item>();
                if (!described.empty()) found.items = collection.describe(described, call);
            }
            if (!found.items) return found;
            for (plugin::Item& item : *found.items) add_write_only_fields(collection, *store, item);
            return found;
        },
        [self, name](const Result<Found>& found) {
            if (found) {
                self->add_items(name, *found);
            } else {
                self->add_note(name + ": " + found.error().what, true);
            }
            next(self);
        });
}

void Export::add_items(const std::string& collection, const Found& found) {
    if (!found.items) return add_note(collection + ": " + found.items.error().what, true);
    std::set<std::string> there;
    for (const plugin::Item& item : *found.items) {
        there.insert(item.id);
        if (item.error) {
            add_note(collection + " " + item.id + ": " + item.error->what, true);
        } else if (json::write(item.state).size() > kDescriptionBytesMost) {
            add_note(collection + " " + item.id + ": it is too large to be described", true);
        } else {
            resources_.push_back(json::Object{
                {"collection", collection}, {"id", item.id}, {"description", item.state}});
        }
    }
    for (const std::string& id : found.asked)
        if (!there.contains(id))
            add_note(collection + " " + id + ": there is nothing to describe", true);
    if (!found.only_described) return;
    add_note(collection + " cannot be listed whole: exported are the " +
                 std::to_string(found.items->size()) + " that are described; name others as " +
                 collection + "=ID",
             false);
}

void Export::add_note(const std::string& text, bool is_missing) {
    notes_.push_back(printable(text));
    if (is_missing) complete_ = false;
}

void Export::finish() {
    json::Value result = json::Object{{"resources", std::move(resources_)},
                                      {"notes", std::move(notes_)},
                                      {"complete", complete_}};
    if (json::write(result).size() > kExportBytesMost) {
        return answer_({Error{Errc::limit, "the export is larger than 15 MiB: name collections"},
                        json::Object{}});
    }
    answer_({std::nullopt, std::move(result)});
}

}  // namespace evenkeel::agent
