#include <string>
#include <string_view>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <unistd.h>

#include "hangs_embedded.hpp"

// Never comes back from apply and remove, whatever the deadline; reads well unless asked for
// "hang".
namespace evenkeel::test {

class Hangs {
  public:
    static constexpr std::string_view kName = "hangs";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;

    Hangs(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void read(const sdk::Call& call, std::string_view ids) {
        for (const std::string& id : sdk::json::texts_of(sdk::json::parse(ids))) {
            if (id == "hang") hang();
            call.item(id, R"({"text":"quiet"})");
        }
    }
    void apply(const sdk::Call&, std::string_view, std::string_view) { hang(); }
    void remove(const sdk::Call&, std::string_view) { hang(); }

  private:
    [[noreturn]] static void hang() {
        for (;;) ::pause();
    }
};

}  // namespace evenkeel::test

EVENKEEL_MODULE("org.evenkeel.test.hangs", "1.2.3", kManifest, evenkeel::test::Hangs)
