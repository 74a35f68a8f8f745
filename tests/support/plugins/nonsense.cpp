#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "nonsense_embedded.hpp"

// Answers what it must not: the id says what. Any other id is answered with broken JSON.
namespace evenkeel::test {

class Nonsense {
  public:
    static constexpr std::string_view kName = "nonsense";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;

    Nonsense(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void read(const sdk::Call& call, std::string_view ids) {
        const std::string id = sdk::json::texts_of(sdk::json::parse(ids)).front();
        if (id == "good") return call.item(id, R"({"text":"quiet"})");
        if (id == "stranger") return call.item("somebody-else", R"({"text":"quiet"})");
        if (id == "twice") call.item(id, R"({"text":"quiet"})");
        if (id == "twice") return call.item(id, R"({"text":"quiet"})");
        if (id == "off-schema") return call.item(id, R"({"text":1})");
        if (id == "unknown-field") return call.item(id, R"({"text":"a","more":1})");
        if (id == "array") return call.item(id, "[]");
        if (id == "deep") return call.item(id, std::string(100'000, '['));
        if (id == "other-thread") {
            std::thread([&] {
                try {
                    call.item(id, R"({"text":"quiet"})");
                } catch (const sdk::Stop&) {
                }
            }).join();
            return;
        }
        if (id == "wordless") throw sdk::Stop{EK_E_BUSY};
        if (id == "status") throw sdk::Stop{77};
        call.item(id, "{\"text\":");
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view) {
        if (id == "two-states") call.state("{}");
        if (id == "two-states") return call.state("{}");
        if (id == "unknown-path")
            return call.change({"/elsewhere", "1", "2", 0, EK_ACT_SET, EK_OUT_DONE});
        if (id == "no-pointer") return call.change({"text", "1", "2", 0, EK_ACT_SET, EK_OUT_DONE});
        if (id == "wrong-outcome")
            return call.change(
                {"/text", "1", "2", 0, EK_ACT_SET, call.dry_run() ? EK_OUT_DONE : EK_OUT_PLANNED});
        if (id == "no-action") return call.change({"/text", "1", "2", 0, 99, EK_OUT_DONE});
        call.state("nonsense");
    }

    // The first id says what is wrong.
    void apply_many(const sdk::Call& call, std::string_view text) {
        const auto entries = sdk::json::entries_of(text);
        const std::string& what = entries.front().id;
        if (what == "change-before-about")
            return call.change({"/text", "1", "2", 0, EK_ACT_SET, EK_OUT_DONE});
        if (what == "state-before-about") return call.state("{}");
        if (what == "about-a-stranger") return call.about("somebody-else");
        if (what == "part-without-error") {
            for (const sdk::Entry& entry : entries) call.about(entry.id);
            throw sdk::Stop{EK_E_PARTIAL};
        }
        call.about(what);
        if (what == "two-states") call.state("{}");
        call.state("{}");
        if (what == "missing") return;
        for (const sdk::Entry& entry : entries) call.about(entry.id);
    }

    void remove(const sdk::Call&, std::string_view) { throw sdk::Stop{-5}; }
};

}  // namespace evenkeel::test

EVENKEEL_MODULE("org.evenkeel.test.nonsense", "1.2.3", kManifest, evenkeel::test::Nonsense)
