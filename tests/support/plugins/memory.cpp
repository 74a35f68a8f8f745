#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "memory_embedded.hpp"

// Resources that live in the instance: the good plugin of the tests. Its action `tamper` changes
// one from outside, so to speak, and its watch tells of it. One whose text is "old" is stale.
namespace evenkeel::test {

namespace json = sdk::json;

// Field names to JSON values.
using Fields = std::map<std::string, std::string>;

std::string state_of(const Fields& fields) {
    sdk::Object state;
    for (const auto& [name, value] : fields) state.raw(name, value);
    return state.json();
}

Fields fields_of(std::string_view text) {
    Fields fields;
    const json::Document document = json::parse_object(text);
    for (const auto& member : document.GetObject()) {
        const json::Value& value = member.value;
        std::string written;
        if (value.IsString()) written = sdk::quote(json::text(value));
        if (value.IsInt64()) written = std::to_string(value.GetInt64());
        if (value.IsArray()) {
            for (const std::string& tag : json::texts_of(value))
                written += (written.empty() ? "" : ",") + sdk::quote(tag);
            written = "[" + written + "]";
        }
        fields[std::string(json::text(member.name))] = written;
    }
    return fields;
}

class Memory {
  public:
    static constexpr std::string_view kName = "memory";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;
    static constexpr std::uint32_t kSchemaVersion = 2;
    static constexpr std::string_view kActions =
        R"({"tamper":{"type":"object"},"drop":{"type":"object"},"overflow":{"type":"object"},)"
        R"("rescan":{"type":"object"},"stir":{"type":"object"}})";

    static constexpr std::string_view kConfigSchema = R"({"type":"object",
        "additionalProperties":false,"properties":{"backend":{"enum":["heap","attic"]}}})";

    Memory(const sdk::Host&, const sdk::Call&, std::string_view config) {
        const json::Document configured = json::parse_object(config);
        if (const auto name = json::text_of(configured, "backend")) backend_ = *name;
        if (backend_ == "attic") throw sdk::Failure(EK_E_UNAVAILABLE, "this house has no attic");
    }

    std::string_view backend() const { return backend_; }

    void list(const sdk::Call& call, std::string_view filter) {
        std::set<std::string> wanted;
        if (!filter.empty()) {
            const json::Document document = json::parse_object(filter);
            for (const std::string& id : json::texts_of(*json::find(document, "ids")))
                wanted.insert(id);
        }
        for (const auto& [id, fields] : things_)
            if (wanted.empty() || wanted.count(id) != 0) call.item(id, state_of(fields));
    }

    void read(const sdk::Call& call, std::string_view ids) {
        bool found = false, failed = false;
        const std::vector<std::string> wanted = json::texts_of(json::parse(ids));
        for (std::size_t at = 0; at < wanted.size(); ++at) {
            const auto thing = things_.find(wanted[at]);
            if (thing == things_.end()) continue;
            found = true;
            if (is_old(thing->second)) {
                call.error(stale().at("/" + std::to_string(at)));
                failed = true;
            } else {
                call.item(wanted[at], state_of(thing->second));
            }
        }
        if (failed) throw sdk::Stop{EK_E_PARTIAL};
        if (!found) throw sdk::Failure(EK_E_NOT_FOUND, "none of these exists");
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const Fields wanted = fields_of(desired);
        const auto thing = things_.find(std::string(id));
        const bool there = thing != things_.end();
        if (const auto text = wanted.find("text"); text != wanted.end()) {
            if (text->second == "\"refuse\"")
                throw sdk::Failure(EK_E_DENIED, "it is refused").at("/text").hint("say please");
        }
        sdk::Changes changes;
        if (!there) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
        for (const auto& [name, value] : wanted) {
            const bool had = there && thing->second.count(name) != 0;
            changes.field("/" + name, had ? std::optional(thing->second.at(name)) : std::nullopt,
                          value);
        }
        call.progress(500, "half way");
        changes.carry_out(call, [&] {
            Fields& fields = things_[std::string(id)];
            if (!there) fields["color"] = "\"grey\"";
            for (const auto& [name, value] : wanted) fields[name] = value;
        });
        if (!call.dry_run()) call.state(state_of(things_[std::string(id)]));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        sdk::Changes changes;
        if (things_.count(std::string(id)) != 0)
            changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] { things_.erase(std::string(id)); });
    }

    // What is changed in one transaction is counted, for the test to see.
    void apply_many(const sdk::Call& call, std::string_view entries) {
        ++transactions_;
        sdk::each_entry(call, json::entries_of(entries), [&](const sdk::Entry& entry) {
            if (!entry.desired) return remove(call, entry.id);
            apply(call, entry.id, *entry.desired);
        });
        call.progress(1000, "transaction " + std::to_string(transactions_));
    }

    void invoke(const sdk::Call&, std::string_view id, std::string_view action,
                std::string_view arguments) {
        const std::string name(id);
        if (action == "drop") things_.erase(name);
        if (action == "tamper")
            for (const auto& [field, value] : fields_of(arguments)) things_[name][field] = value;
        const bool others = action == "overflow" || action == "rescan" || action == "stir";
        tell(others ? std::string(action) + "!" + name : name);
    }

    void upgrade(const sdk::Call& call, std::uint32_t from, std::string_view description) {
        if (from != 1) throw sdk::Failure(EK_E_UNSUPPORTED, "no such version");
        // Version 1 called the text "words".
        Fields fields = fields_of(description);
        if (fields.count("words") != 0) fields["text"] = fields["words"];
        fields.erase("words");
        call.state(state_of(fields));
    }

    class Watch {
      public:
        Watch(Memory& memory, const sdk::Call&, const sdk::WatchHost& host)
            : memory_(memory), host_(host) {
            host_.fd(memory_.event_, POLLIN);
        }
        ~Watch() { host_.fd(memory_.event_, 0); }
        void interest(std::string_view id, bool on) {
            if (id == "unwatchable")
                throw sdk::Failure(EK_E_UNAVAILABLE, "no watch is left for it");
            if (on) {
                ids_.emplace(id);
            } else {
                ids_.erase(std::string(id));
            }
        }
        void ready(int, std::uint32_t) {
            std::uint64_t count = 0;
            if (::read(memory_.event_, &count, sizeof(count)) < 0) return;
            const std::lock_guard lock(memory_.mutex_);
            for (const std::string& id : memory_.touched_) {
                if (id == "break-watch") throw sdk::Failure(EK_E_UNAVAILABLE, "the watch is lost");
                if (id.rfind("rescan!", 0) == 0) host_.rescan();
                if (id.rfind("overflow!", 0) == 0) host_.missed();
                if (id.rfind("stir!", 0) == 0) host_.unsettled(id.substr(5));
                if (ids_.count(id) != 0) host_.changed(id);
            }
            memory_.touched_.clear();
        }

      private:
        Memory& memory_;
        sdk::WatchHost host_;
        std::set<std::string> ids_;
    };

    ~Memory() { ::close(event_); }

  private:
    static bool is_old(const Fields& fields) {
        const auto text = fields.find("text");
        return text != fields.end() && text->second == "\"old\"";
    }
    static sdk::Failure stale() { return {EK_E_STALE, "nobody has looked for too long"}; }

    void tell(const std::string& id) {
        const std::lock_guard lock(mutex_);
        touched_.insert(id);
        const std::uint64_t one = 1;
        if (::write(event_, &one, sizeof(one)) < 0) throw sdk::Failure(EK_E_INTERNAL, "eventfd");
    }

    std::string backend_ = "heap";
    int transactions_ = 0;
    std::map<std::string, Fields> things_;
    int event_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::mutex mutex_;  // guards touched_
    std::set<std::string> touched_;
};

// The same for a host to make plans for: it cannot plan, list or watch.
class Plain {
  public:
    static constexpr std::string_view kName = "plain";
    static constexpr std::string_view kSchema = kSchemaText;

    Plain(const sdk::Host& host, const sdk::Call& call, std::string_view config)
        : memory_(host, call, config) {}
    void read(const sdk::Call& call, std::string_view ids) { memory_.read(call, ids); }
    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        memory_.apply(call, id, desired);
    }
    void remove(const sdk::Call& call, std::string_view id) { memory_.remove(call, id); }

  private:
    Memory memory_;
};

}  // namespace evenkeel::test

EVENKEEL_MODULE("org.evenkeel.test.memory", "1.2.3", kManifest, evenkeel::test::Memory,
                evenkeel::test::Plain)
