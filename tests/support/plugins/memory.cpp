#include <algorithm>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "memory_embedded.hpp"
#include "tests/support/plugins/fields.hpp"

// The good plugin of the tests, with all that the ABI offers. Its action `tamper` changes a
// resource as somebody else would, and its watch reports that. One whose text is "old" is stale.
// One whose text is "chatter" tells all that it is given wherever a plugin can say something, one
// with "unreadable" when it is read; a change to "half" is done in part.
namespace evenkeel::test {

class Memory : public Resources<> {
  public:
    static constexpr std::string_view kName = "memory";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr std::uint32_t kSchemaVersion = 2;
    static constexpr std::string_view kActions =
        R"({"tamper":{"type":"object"},"drop":{"type":"object"},"overflow":{"type":"object"},)"
        R"("rescan":{"type":"object"},"stir":{"type":"object"}})";

    static constexpr std::string_view kConfigSchema = R"({"type":"object",
        "additionalProperties":false,"properties":{"backend":{"enum":["heap","attic"]}}})";

    Memory(const sdk::Host& host, const sdk::Call& call, std::string_view config)
        : Resources(host, call, config), host_(host) {
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
        for (const auto& [id, fields] : store_.all)
            if (wanted.empty() || wanted.count(id) != 0) call.item(id, state_of(fields));
    }

    void read(const sdk::Call& call, std::string_view ids) {
        const std::vector<std::string> wanted = json::texts_of(json::parse(ids));
        const auto has_text = [&](const std::string& id, std::string_view text) {
            const auto fields = store_.find(id);
            return fields && fields->count("text") != 0 && fields->at("text") == sdk::quote(text);
        };
        const auto is_bad = [&](const std::string& id) {
            return has_text(id, "old") || has_text(id, "unreadable");
        };
        if (std::none_of(wanted.begin(), wanted.end(), is_bad)) return Resources::read(call, ids);
        for (const std::string& id : wanted) {
            if (has_text(id, "old")) {
                call.unreadable(id, sdk::Failure(EK_E_STALE, "nobody has looked for too long"));
            } else if (is_bad(id)) {
                call.unreadable(id, sdk::Failure(EK_E_UNAVAILABLE, "it does not read: " +
                                                                       state_of(*store_.find(id))));
            } else if (const auto fields = store_.find(id)) {
                call.item(id, state_of(*fields));
            }
        }
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        if (text_of(description) == "refuse")
            throw sdk::Failure(EK_E_DENIED, "it is refused").at("/text").hint("say please");
        const auto now = store_.find(id);
        const Fields described = fields_of(description);
        Fields after = merged(now, described);
        if (!now) after.emplace("color", "\"grey\"");
        if (text_of(description) == "chatter") chatter(call, description);
        else call.progress(500, "half way");
        sdk::Changes changes = difference(now, merged(now, described));
        changes.carry_out(call, [&] {
            store_.put(id, after);
            if (text_of(description) != "half") return;
            changes.done("/text");
            throw sdk::Failure(EK_E_CONFLICT, "the other half is in the way");
        });
        if (!call.dry_run()) call.state(state_of(after));
    }

    // Counts the transactions, for tests to see what is one.
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
        if (action == "drop") store_.erase(name);
        if (action == "tamper") store_.put(name, merged(store_.find(name), fields_of(arguments)));
        const bool others = action == "overflow" || action == "rescan" || action == "stir";
        report(others ? std::string(action) + "!" + name : name);
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
    void chatter(const sdk::Call& call, std::string_view description) const {
        const std::string all = "given " + std::string(description);
        host_.log(EK_SEV_WARNING, all, all);
        call.note(EK_SEV_WARNING, "/text", all);
        // The host shows the last one, and cuts it.
        call.progress(501, all);
    }
    void report(const std::string& id) {
        const std::lock_guard lock(mutex_);
        touched_.insert(id);
        const std::uint64_t one = 1;
        if (::write(event_, &one, sizeof(one)) < 0) throw sdk::Failure(EK_E_INTERNAL, "eventfd");
    }

    sdk::Host host_;
    std::string backend_ = "heap";
    int transactions_ = 0;
    int event_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::mutex mutex_;  // guards touched_
    std::set<std::string> touched_;
};

// The same without plans, lists and watches, which the host then has to do without.
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
