#include <string>
#include <string_view>
#include <thread>

#include "nonsense_embedded.hpp"
#include "tests/support/plugins/fields.hpp"

// Answers what the ABI forbids: the id selects it in read, remove and apply_many, the text in
// apply.
namespace evenkeel::test {

class Nonsense : public Resources<> {
  public:
    static constexpr std::string_view kName = "nonsense";
    static constexpr std::string_view kSchema = kSchemaText;
    using Resources::Resources;

    void read(const sdk::Call& call, std::string_view ids) {
        const std::string id = json::texts_of(json::parse(ids)).front();
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
        if (id == "broken") return call.item(id, "{\"text\":");
        if (id == "unchanged") return call.unchanged(id, "x");
        if (id == "long-stamp") return call.item(0, id, R"({"text":"a"})", std::string(65, 'x'));
        Resources::read(call, ids);
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string text = text_of(desired);
        const auto change = [&](const char* path, const char* after, std::int32_t action,
                                std::int32_t outcome) {
            call.change({path, "\"a\"", after, 0, action, outcome});
        };
        const std::int32_t now = call.dry_run() ? EK_OUT_PLANNED : EK_OUT_DONE;
        if (text == "torn state") return call.state("{\"text\":");
        if (text == "deep state") return call.state(std::string(100'000, '['));
        if (text == "name twice") return call.state(R"({"text":"a","text":"b"})");
        if (text == "two states") call.state("{}");
        if (text == "two states") return call.state("{}");
        if (text == "unknown path") return change("/elsewhere", "2", EK_ACT_SET, now);
        if (text == "no pointer") return change("text", "\"b\"", EK_ACT_SET, now);
        if (text == "no value") return change("/text", "b", EK_ACT_SET, now);
        if (text == "wrong outcome")
            return change("/text", "\"b\"", EK_ACT_SET,
                          call.dry_run() ? EK_OUT_DONE : EK_OUT_PLANNED);
        if (text == "later minor") return change("/text", "\"b\"", 99, 99);
        if (text == "later severity") return call.note(99, "/text", "words of a later minor");
        if (text == "later status") {
            call.error(sdk::Failure(EK_E_BUSY, "words of a later minor"));
            throw sdk::Stop{77};
        }
        Resources::apply(call, id, desired);
    }

    // The first id says what is wrong.
    void apply_many(const sdk::Call& call, std::string_view text) {
        const auto entries = json::entries_of(text);
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

    void remove(const sdk::Call& call, std::string_view id) {
        if (id == "status") throw sdk::Stop{-5};
        Resources::remove(call, id);
    }
};

}  // namespace evenkeel::test

EVENKEEL_MODULE("org.evenkeel.test.nonsense", "1.2.3", kManifest, evenkeel::test::Nonsense)
