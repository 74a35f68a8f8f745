#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include <unistd.h>

#include "hangs_embedded.hpp"
#include "tests/support/plugins/fields.hpp"

// Never returns from an apply whose text is "hang" and from a read of the id "hang", whatever the
// deadline; an apply of the text "work" takes two seconds, in which it reports its progress.
namespace evenkeel::test {

class Hangs : public Resources<> {
  public:
    static constexpr std::string_view kName = "hangs";
    static constexpr std::string_view kSchema = kSchemaText;
    using Resources::Resources;

    void read(const sdk::Call& call, std::string_view ids) {
        for (const std::string& id : json::texts_of(json::parse(ids)))
            while (id == "hang") ::pause();
        Resources::read(call, ids);
    }
    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const std::string text = text_of(desired);
        while (text == "hang") ::pause();
        // Elapsed time is what it is about: a host's limits count between two reports.
        for (int step = 0; step < 200 && text == "work"; ++step) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            call.check();
            call.progress(static_cast<std::uint32_t>(step), std::string(1000, 'z'));
        }
        Resources::apply(call, id, desired);
    }
};

}  // namespace evenkeel::test

EVENKEEL_MODULE("org.evenkeel.test.hangs", "1.2.3", kManifest, evenkeel::test::Hangs)
