#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>

#include "core/base/fd.hpp"
#include "core/base/text.hpp"
#include "core/wire/resource.hpp"
#include "sdk/tool/call.hpp"

namespace evenkeel::tool {
namespace {

json::Value refusal(const Error& error) {
    return json::Object{{"error", wire::encode(error)}};
}

json::Value encode(const plugin::Item& item) {
    json::Object encoded{{"id", item.id}};
    if (item.error) {
        encoded.set("error", wire::encode(*item.error));
    } else {
        encoded.set("state", item.state);
    }
    return encoded;
}

json::Value encode(const Result<std::vector<plugin::Item>>& items) {
    if (!items) return refusal(items.error());
    json::Array all;
    for (const plugin::Item& item : *items) all.push_back(encode(item));
    return json::Object{{"items", std::move(all)}};
}

json::Value encode(const plugin::Applied& applied) {
    json::Object encoded{{"changes", wire::encode(applied.changes)}};
    if (!applied.state.is_null()) encoded.set("state", applied.state);
    json::Array notes;
    for (const std::string& note : applied.notes) notes.push_back(note);
    if (!notes.empty()) encoded.set("notes", std::move(notes));
    if (applied.error) encoded.set("error", wire::encode(*applied.error));
    return encoded;
}

// The collection that is meant, or why none is.
Result<plugin::Collection*> pick(
    const std::vector<std::unique_ptr<plugin::Collection>>& collections, const std::string& name) {
    std::vector<std::string> names;
    for (const auto& each : collections) {
        if (each->name() == name || (name.empty() && collections.size() == 1)) {
            if (const auto trouble = each->trouble()) return fail(*trouble);
            return each.get();
        }
        names.push_back(each->name());
    }
    if (name.empty())
        return fail(Errc::invalid,
                    "which collection? --collection " + listed_in_words(names, "or"));
    return fail(Errc::not_found, "there is no collection \"" + name + "\" in this plugin, but " +
                                     listed_in_words(names));
}

// As an agent, which refuses such an id before the plugin sees it.
Result<void> check_ids(const std::vector<std::string>& ids, const schema::Schema& schema) {
    for (const std::string& id : ids) {
        if (schema.accepts_key(id)) continue;
        const std::string& words = schema.key_description();
        return fail(Errc::invalid, "\"" + printable(id) + "\" is no id of this collection: " +
                                       (words.empty() ? schema.key_pattern() : words));
    }
    return {};
}

// What a watch tells, from its thread to the one that calls the plugin.
class Hints {
  public:
    Hints() : came_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

    void push(plugin::Hint hint, const std::string& id) {
        {
            const std::scoped_lock lock(mutex_);
            waiting_.emplace_back(hint, id);
        }
        ::eventfd_write(came_.get(), 1);
    }
    // Nothing once the call is cancelled.
    std::optional<std::pair<plugin::Hint, std::string>> pop(const plugin::CancelSource& cancel) {
        while (!cancel.cancelled()) {
            if (auto next = take()) return next;
            pollfd both[] = {{came_.get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
            ::poll(both, 2, -1);
            eventfd_t seen = 0;
            ::eventfd_read(came_.get(), &seen);
        }
        return std::nullopt;
    }

  private:
    std::optional<std::pair<plugin::Hint, std::string>> take() {
        const std::scoped_lock lock(mutex_);
        if (waiting_.empty()) return std::nullopt;
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        return next;
    }

    Fd came_;
    std::mutex mutex_;
    std::deque<std::pair<plugin::Hint, std::string>> waiting_;
};

const char* name_of(plugin::Hint hint) {
    switch (hint) {
        case plugin::Hint::unsettled:
            return "unsettled";
        case plugin::Hint::missed:
            return "missed";
        default:
            return "changed";
    }
}

void answer_watch(const PluginCall& call, plugin::Collection& collection, const Say& say,
                  const plugin::CancelSource& cancel, const plugin::Call& limits) {
    Hints hints;
    auto watch = collection.watch(
        [&hints](plugin::Hint hint, const std::string& id) { hints.push(hint, id); });
    if (!watch) return say(refusal(watch.error()));
    for (const std::string& id : call.ids) {
        if (const auto begun = (*watch)->interest(id, true); !begun)
            return say(refusal(begun.error()));
    }
    say(json::Object{{"watching", static_cast<unsigned>(call.ids.size())}});
    for (std::size_t told = 0; call.hints == 0 || told < call.hints; ++told) {
        const auto hint = hints.pop(cancel);
        if (!hint) return;
        json::Object line{{"hint", name_of(hint->first)}};
        if (!hint->second.empty()) line.set("id", hint->second);
        const auto ids = hint->second.empty() ? call.ids : std::vector{hint->second};
        if (hint->first != plugin::Hint::unsettled) {
            const json::Value read = encode(collection.read(ids, limits));
            line.set(read.find("items") ? "items" : "error",
                     read.find("items") ? read["items"] : read["error"]);
        }
        say(line);
    }
}

}  // namespace

void answer(const PluginCall& call, const Say& say, const plugin::CancelSource& cancel) {
    const auto collections = open_plugin(call.file, call.open);
    if (!collections) return say(refusal(collections.error()));
    const auto picked = pick(*collections, call.open.collection);
    if (!picked) return say(refusal(picked.error()));
    plugin::Collection& collection = **picked;
    if (const auto fit = check_ids(call.ids, collection.schema()); !fit)
        return say(refusal(fit.error()));
    plugin::Call limits;
    limits.timeout = call.timeout;
    limits.cancel = &cancel;
    limits.request_id = "ek-plugin";
    switch (call.operation) {
        case Operation::list:
            return say(encode(collection.list(call.ids, limits)));
        case Operation::read:
            return say(encode(collection.read(call.ids, limits)));
        case Operation::plan:
            return say(encode(collection.apply(call.ids.front(), call.value, true, limits)));
        case Operation::apply:
            return say(encode(collection.apply(call.ids.front(), call.value, false, limits)));
        case Operation::remove:
            return say(encode(collection.remove(call.ids.front(), call.dry_run, limits)));
        case Operation::invoke: {
            const json::Value none = json::Object{};
            return say(encode(collection.invoke(call.ids.front(), call.action,
                                                call.value.is_null() ? none : call.value, limits)));
        }
        case Operation::watch:
            return answer_watch(call, collection, say, cancel, limits);
    }
}

}  // namespace evenkeel::tool
