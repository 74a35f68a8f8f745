#include <string>

#include "nonsense_embedded.hpp"
#include "notes.hpp"

// Answers what the ABI forbids: the text says what.
namespace evenkeel::notes {

class Nonsense : public Notes {
  public:
    static constexpr std::string_view kName = "nonsense";
    using Notes::Notes;

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string text = text_of(desired);
        if (text == "torn state") return call.state("{\"text\":");
        if (text == "deep state") return call.state(std::string(100'000, '['));
        if (text == "name twice") return call.state(R"({"text":"a","text":"b"})");
        if (text == "no pointer") return call.change({"text", "\"a\"", "\"b\"", 0, 0, EK_OUT_DONE});
        if (text == "no value") return call.change({"/text", "\"a\"", "b", 0, 0, EK_OUT_DONE});
        Notes::apply(call, id, desired);
    }
};

}  // namespace evenkeel::notes

EVENKEEL_MODULE("org.evenkeel.test.nonsense", "1.0.0", kManifest, evenkeel::notes::Nonsense)
