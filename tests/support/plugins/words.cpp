#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/plugins/fields.hpp"
#include "words_embedded.hpp"

// Collections with the words of the ABI that hardly a plugin needs. `kept` keeps its resources in
// the host's storage, so that they outlive the instance; they cannot be removed, their ids are
// written in small letters, a text makes a restart necessary and an "old" one a boot, and what an
// apply does is printed. `gauge` can only be read.
namespace evenkeel::test {

class Kept {
  public:
    static constexpr std::string_view kName = "kept";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;

    Kept(const sdk::Host& host, const sdk::Call&, std::string_view) : storage_(host) {}

    std::string normalize(std::string_view id) {
        if (id == "nothing") throw sdk::Failure(EK_E_INVALID, "nothing is no id");
        std::string normal(id);
        for (char& letter : normal)
            if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
        return normal;
    }
    void read(const sdk::Call& call, std::string_view ids) {
        for (const std::string& id : json::texts_of(json::parse(ids)))
            if (const auto state = storage_.get(id)) call.item(id, *state);
    }
    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const auto now = storage_.get(id);
        const std::string text = text_of(desired);
        sdk::Changes changes;
        if (!now) changes.field("/ensure", "\"absent\"", "\"present\"");
        changes.field("/text", now ? std::optional(sdk::quote(text_of(*now))) : std::nullopt,
                      sdk::quote(text), text == "old" ? EK_CHG_NEEDS_REBOOT : EK_CHG_NEEDS_RESTART);
        const std::string state = sdk::Object().text("text", text).json();
        changes.carry_out(call, [&] {
            storage_.put(id, state);
            call.note(EK_SEV_INFO, "", "it is written, " + text);
            if (text == "much") print_much(call);
            call.output(EK_STREAM_OUT, "stored " + std::string(id) + " with " + text + "\n");
            call.output(EK_STREAM_ERR, "\xff is no letter\n");
        });
        if (!call.dry_run()) call.state(state);
    }

  private:
    static void print_much(const sdk::Call& call) {
        for (int line = 0; line < 10'000; ++line)
            call.output(EK_STREAM_OUT, "line " + std::to_string(line) + "\n");
    }

    sdk::Storage storage_;
};

class Gauge {
  public:
    static constexpr std::string_view kName = "gauge";
    static constexpr std::string_view kSchema = kSchemaText;

    Gauge(const sdk::Host&, const sdk::Call&, std::string_view) {}
    void read(const sdk::Call& call, std::string_view ids) {
        for (const std::string& id : json::texts_of(json::parse(ids)))
            call.item(id, R"({"text":"high"})");
    }
};

}  // namespace evenkeel::test

EVENKEEL_MODULE("org.evenkeel.test.words", "1.2.3", kManifest, evenkeel::test::Kept,
                evenkeel::test::Gauge)
