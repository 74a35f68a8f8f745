#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

// What the bad plugins are but for one fault each: notes by name, kept in memory. The fault shows
// when text or id ask for it, so that the same collection can be seen to serve before and after.
namespace evenkeel::test {

class Notes {
  public:
    static constexpr bool kPlans = true;

    Notes(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void list(const sdk::Call& call, std::string_view) {
        for (const auto& [id, text] : texts_) call.item(id, state_of(text));
    }

    void read(const sdk::Call& call, std::string_view ids) {
        for (const std::string& id : sdk::json::texts_of(sdk::json::parse(ids)))
            if (const auto found = texts_.find(id); found != texts_.end())
                call.item(id, state_of(found->second));
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string wanted = text_of(desired);
        const auto found = texts_.find(std::string(id));
        sdk::Changes changes;
        changes.field("/text", found == texts_.end() ? std::nullopt : quoted(found->second),
                      quoted(wanted));
        changes.carry_out(call, [&] { texts_[std::string(id)] = wanted; });
        if (!call.dry_run()) call.state(state_of(wanted));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        sdk::Changes changes;
        if (texts_.count(std::string(id)) != 0)
            changes.field("/ensure", "\"present\"", "\"absent\"");
        changes.carry_out(call, [&] { texts_.erase(std::string(id)); });
    }

    static std::string text_of(std::string_view desired) {
        return std::string(
            sdk::json::text_of(sdk::json::parse_object(desired), "text").value_or(""));
    }

  private:
    // The tests use texts that need no escaping.
    static std::optional<std::string> quoted(const std::string& text) { return "\"" + text + "\""; }
    static std::string state_of(const std::string& text) { return "{\"text\":\"" + text + "\"}"; }

    std::map<std::string, std::string> texts_;
};

}  // namespace evenkeel::test
