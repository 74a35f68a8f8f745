#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

// What all test plugins are made of: resources of named fields. `memory` adds all that the ABI
// offers; each of the others breaks one rule, where a text or an id asks for it, so that the same
// collection can be seen to serve before and after.
namespace evenkeel::test {

namespace json = sdk::json;

// Names to JSON values.
using Fields = std::map<std::string, std::string>;

inline std::string state_of(const Fields& fields) {
    sdk::Object state;
    for (const auto& [name, value] : fields) state.raw(name, value);
    return state.json();
}

// Strings, integers, objects and arrays of strings, which is all that the schemas here have.
inline Fields fields_of(std::string_view text) {
    Fields fields;
    const json::Document document = json::parse_object(text);
    for (const auto& member : document.GetObject()) {
        const json::Value& value = member.value;
        std::string written;
        if (value.IsString()) written = sdk::quote(json::text(value));
        if (value.IsInt64()) written = std::to_string(value.GetInt64());
        if (value.IsObject()) {
            rapidjson::StringBuffer buffer;
            rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
            value.Accept(writer);
            written = buffer.GetString();
        }
        if (value.IsArray()) {
            for (const std::string& each : json::texts_of(value))
                written += (written.empty() ? "" : ",") + sdk::quote(each);
            written = "[" + written + "]";
        }
        fields[std::string(json::text(member.name))] = written;
    }
    return fields;
}

inline std::string text_of(std::string_view description) {
    return std::string(json::text_of(json::parse_object(description), "text").value_or(""));
}

// Keeps resources in the instance.
class MemoryStore {
  public:
    std::optional<Fields> find(std::string_view id) const {
        const auto found = all.find(std::string(id));
        return found == all.end() ? std::nullopt : std::optional(found->second);
    }
    void put(std::string_view id, const Fields& fields) { all[std::string(id)] = fields; }
    void erase(std::string_view id) { all.erase(std::string(id)); }

    std::map<std::string, Fields> all;
};

// One whose fields are `now` (none: it is not there) with those of a description on top.
inline Fields merged(const std::optional<Fields>& now, const Fields& described) {
    Fields fields = now.value_or(Fields());
    for (const auto& [name, value] : described) fields[name] = value;
    return fields;
}

inline sdk::Changes difference(const std::optional<Fields>& now, const Fields& after) {
    sdk::Changes changes;
    if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    for (const auto& [name, value] : after) {
        const bool had = now && now->count(name) != 0;
        changes.field("/" + name, had ? std::optional(now->at(name)) : std::nullopt, value);
    }
    return changes;
}

template <typename Store = MemoryStore>
class Resources {
  public:
    static constexpr bool kPlans = true;

    Resources(const sdk::Host&, const sdk::Call&, std::string_view) {}
    explicit Resources(Store store) : store_(std::move(store)) {}

    void read(const sdk::Call& call, std::string_view ids) {
        bool found = false;
        const auto wanted = json::texts_of(json::parse(ids));
        for (std::size_t at = 0; at < wanted.size(); ++at) {
            const auto fields = store_.find(wanted[at]);
            if (!fields) continue;
            const std::string state = state_of(*fields);
            call.item(at, wanted[at], state, stamp_('s', state));
            found = true;
        }
        if (!found) throw sdk::Failure(EK_E_NOT_FOUND, "none of these exists");
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        const auto now = store_.find(id);
        const Fields after = merged(now, fields_of(description));
        difference(now, after).carry_out(call, [&] { store_.put(id, after); });
        if (!call.dry_run()) call.state(state_of(after));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        sdk::Changes changes;
        if (store_.find(id))
            changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] { store_.erase(id); });
    }

  protected:
    Store store_;
    sdk::Stamper stamp_;
};

}  // namespace evenkeel::test
