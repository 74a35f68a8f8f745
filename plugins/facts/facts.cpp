#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "facts_embedded.hpp"
#include "plugins/facts/facts_watch.hpp"
#include "plugins/facts/machine.hpp"
#include "plugins/facts/thresholds.hpp"
#include "plugins/posix/each.hpp"

// The collection `facts`: what can be measured of the machine, against limits.
namespace evenkeel::facts {

namespace {

constexpr int kPaceSeconds = 60;
constexpr int kPaceSecondsMost = 86400;
// Looks that come close together see the same, unless the kernel has told something meanwhile.
constexpr std::uint64_t kFreshNs = 2'000'000'000;

std::chrono::seconds pace_from(std::string_view config) {
    const auto document = sdk::json::parse_object(config.empty() ? "{}" : config);
    const auto* pace = sdk::json::find(document, "pace_s");
    if (!pace) return std::chrono::seconds(kPaceSeconds);
    if (!pace->IsInt() || pace->GetInt() < 0 || pace->GetInt() > kPaceSecondsMost)
        throw sdk::Failure(EK_E_INVALID, "pace_s is a whole number from 0 to 86400").at("/pace_s");
    return std::chrono::seconds(pace->GetInt());
}

}  // namespace

class Facts {
  public:
    static constexpr std::string_view kName = "facts";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr std::string_view kConfigSchema =
        R"({"type":"object","additionalProperties":false,"properties":{"pace_s":{)"
        R"("description":"How often the machine is measured while limits are described, in )"
        R"(seconds; 0: only by the sweep, and when the kernel tells something.",)"
        R"("type":"integer","minimum":0,"maximum":86400,"default":60}}})";

    Facts(const sdk::Host&, const sdk::Call&, std::string_view config) : pace_(pace_from(config)) {}

    void list(const sdk::Call& call, std::string_view filter) {
        if (filter.empty()) return call.item(kId, state());
        posix::list_each(call, filter, read_one());
    }

    void read(const sdk::Call& call, std::string_view ids) {
        posix::read_each(call, ids, read_one());
    }

    void compare(const sdk::Call& call, std::string_view desired, std::string_view actual) {
        facts::compare(call, desired, actual);
    }

    class Watch : public FactsWatch {
      public:
        Watch(Facts& facts, const sdk::Call&, const sdk::WatchHost& host)
            : FactsWatch(host, facts.pace_, facts.has_news_) {}
    };

  private:
    posix::ReadOne read_one() {
        return posix::stamped(stamp_, [this](const std::string& id) -> std::optional<std::string> {
            if (id != kId) return std::nullopt;
            return state();
        });
    }

    const std::string& state() {
        const std::uint64_t now_ns = sdk::now_ns();
        if (has_news_.exchange(false) || state_.empty() || now_ns - measured_ns_ > kFreshNs) {
            state_ = measure();
            measured_ns_ = now_ns;
        }
        return state_;
    }

    std::chrono::seconds pace_;
    std::atomic<bool> has_news_ = false;  // since it was measured; set on [reactor]
    std::string state_;
    std::uint64_t measured_ns_ = 0;
    sdk::Stamper stamp_;
};

}  // namespace evenkeel::facts

EVENKEEL_MODULE("org.evenkeel.facts", EVENKEEL_VERSION, kManifest, evenkeel::facts::Facts)
