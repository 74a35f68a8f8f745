#include <stdexcept>

#include "notes.hpp"
#include "throws_embedded.hpp"

// Throws what is no Failure, where the text says so.
namespace evenkeel::notes {

class Throws : public Notes {
  public:
    static constexpr std::string_view kName = "throws";
    using Notes::Notes;

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string text = text_of(desired);
        if (text == "exception") throw std::runtime_error("the ink is spilt");
        if (text == "number") throw 42;
        Notes::apply(call, id, desired);
    }
};

}  // namespace evenkeel::notes

EVENKEEL_MODULE("org.evenkeel.test.throws", "1.0.0", kManifest, evenkeel::notes::Throws)
