// A collection whose reads end as the id says: "crash", "exit", "hang", "print".
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <poll.h>

#include "ends_embedded.hpp"

namespace {

namespace sdk = evenkeel::sdk;

class Ends {
  public:
    static constexpr std::string_view kName = "ends";
    static constexpr std::string_view kSchema = kSchemaText;

    Ends(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void read(const sdk::Call& call, std::string_view ids) {
        for (const std::string& id : sdk::json::texts_of(sdk::json::parse(ids))) {
            std::printf("{\"items\":\"printed by the plugin\"}\n");
            std::fflush(stdout);
            if (id == "crash") std::abort();
            if (id == "exit") std::exit(0);
            while (id == "hang") {
                call.check();
                pollfd cancelled{call.cancel_fd(), POLLIN, 0};
                ::poll(&cancelled, 1, 20);
            }
            call.item(id, R"({"text":"read"})");
        }
    }
};

}  // namespace

EVENKEEL_MODULE("org.example.ends", "1.0.0", kManifest, Ends)
