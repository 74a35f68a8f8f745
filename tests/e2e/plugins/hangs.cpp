#include <unistd.h>

#include "hangs_embedded.hpp"
#include "notes.hpp"

// Never returns and hears no cancelling, where the text says so.
namespace evenkeel::notes {

class Hangs : public Notes {
  public:
    static constexpr std::string_view kName = "hangs";
    using Notes::Notes;

    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        while (text_of(desired) == "hang") ::pause();
        Notes::apply(call, id, desired);
    }
};

}  // namespace evenkeel::notes

EVENKEEL_MODULE("org.evenkeel.test.hangs", "1.0.0", kManifest, evenkeel::notes::Hangs)
