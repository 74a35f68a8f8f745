#include "orchestrator/config.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/base/trusted_path.hpp"
#include "core/json/json.hpp"
#include "orchestrator/http/listen_address.hpp"

namespace evenkeel {
namespace {

constexpr std::chrono::milliseconds kHeartbeatLeast{100};
constexpr std::chrono::minutes kHeartbeatMost{10};

// An object with none but these members. `at` is its key, "" for the whole.
Result<void> check(const json::Value& object, const std::string& at,
                   std::initializer_list<std::string_view> known) {
    if (!object.is_object()) {
        return fail(Errc::invalid, (at.empty() ? "the configuration" : at) + " is no object");
    }
    for (const auto& [name, value] : object.as_object()) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return fail(Errc::invalid,
                        "unknown key \"" + printable(at.empty() ? name : at + "." + name) + "\"");
        }
    }
    return {};
}

Result<void> read_text(const json::Value& object, std::string_view name, const std::string& key,
                       std::string& into) {
    const json::Value* value = object.find(name);
    if (!value) return {};
    if (!value->is_string()) return fail(Errc::invalid, key + " is not text");
    into = value->as_string();
    return {};
}

Result<void> read_listen(const json::Value& object, const std::string& key, ListenAddress& into) {
    std::string text;
    EK_CHECK(read_text(object, "listen", key, text));
    if (text.empty()) return {};
    const auto address = parse_listen(text);
    if (!address) return fail(key, address.error());
    into = *address;
    return {};
}

Result<void> read_bus(const json::Value& bus, Config& config) {
    EK_CHECK(check(bus, "bus", {"listen", "heartbeat"}));
    EK_CHECK(read_listen(bus, "bus.listen", config.bus));
    std::string heartbeat;
    EK_CHECK(read_text(bus, "heartbeat", "bus.heartbeat", heartbeat));
    if (heartbeat.empty()) return {};
    const auto duration = parse_duration(heartbeat);
    if (!duration) return fail("bus.heartbeat", duration.error());
    if (*duration < kHeartbeatLeast || *duration > kHeartbeatMost) {
        return fail(Errc::invalid, "bus.heartbeat is not between 100ms and 10m");
    }
    config.heartbeat = *duration;
    return {};
}

// A number in quotes reads like one.
Error not_a_number(const std::string& key, const json::Value& value, const std::string& wanted) {
    if (!value.is_string()) return {Errc::invalid, key + " is not " + wanted};
    return {Errc::invalid, key + " is text, not " + wanted + ": leave out the quotes"};
}

Result<void> read_rate_limit(const json::Value& limit, Config& config) {
    EK_CHECK(check(limit, "rest.rate_limit", {"per_second", "burst"}));
    if (const json::Value* rate = limit.find("per_second")) {
        if (!rate->is_number() || rate->as_number() < 0 || rate->as_number() > 1e6) {
            return fail(
                not_a_number("rest.rate_limit.per_second", *rate, "a number from 0 to 1000000"));
        }
        config.requests_per_second = rate->as_number();
    }
    if (const json::Value* burst = limit.find("burst")) {
        if (!burst->is_integer() || burst->as_integer() < 1 || burst->as_integer() > 1'000'000) {
            return fail(
                not_a_number("rest.rate_limit.burst", *burst, "a whole number from 1 to 1000000"));
        }
        config.requests_burst = static_cast<std::uint32_t>(burst->as_integer());
    }
    return {};
}

Result<void> read_tls(const json::Value& tls, Config& config) {
    EK_CHECK(check(tls, "rest.tls", {"certificate", "key"}));
    EK_CHECK(read_text(tls, "certificate", "rest.tls.certificate", config.certificate));
    EK_CHECK(read_text(tls, "key", "rest.tls.key", config.key));
    if (config.certificate.empty() || config.key.empty()) {
        return fail(Errc::invalid, "rest.tls needs both \"certificate\" and \"key\"");
    }
    return {};
}

Result<void> read_rest(const json::Value& rest, Config& config) {
    EK_CHECK(check(rest, "rest", {"listen", "tls", "rate_limit"}));
    EK_CHECK(read_text(rest, "listen", "rest.listen", config.rest));
    if (const json::Value* limit = rest.find("rate_limit")) {
        EK_CHECK(read_rate_limit(*limit, config));
    }
    if (const json::Value* tls = rest.find("tls")) EK_CHECK(read_tls(*tls, config));
    const auto address = http::parse_listen(config.rest, !config.certificate.empty());
    if (!address) return fail("rest.listen", address.error());
    return {};
}

}  // namespace

Result<ListenAddress> parse_listen(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return fail(Errc::invalid, "no port in \"" + text + "\"");
    ListenAddress address;
    address.host = text.substr(0, colon);
    const bool bracketed =
        address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
    if (bracketed) {
        address.host = address.host.substr(1, address.host.size() - 2);
    } else if (address.host.find_first_of("[]:") != std::string::npos) {
        return fail(Errc::invalid, "an IPv6 address stands in brackets: \"" + text + "\"");
    }
    const auto port = parse_number(text.substr(colon + 1));
    if (!port || *port > 65'535) return fail(Errc::invalid, "no port in \"" + text + "\"");
    address.port = static_cast<std::uint16_t>(*port);
    return address;
}

Result<Config> parse_config(const std::string& text) {
    const json::Value value = EK_TRY(json::parse(text));
    Config config;
    EK_CHECK(check(value, "", {"state_dir", "bus", "enrolment", "rest", "log"}));
    EK_CHECK(read_text(value, "state_dir", "state_dir", config.state_dir));
    if (config.state_dir.empty()) return fail(Errc::invalid, "state_dir is empty");
    if (const json::Value* bus = value.find("bus")) EK_CHECK(read_bus(*bus, config));
    if (const json::Value* enrolment = value.find("enrolment")) {
        EK_CHECK(check(*enrolment, "enrolment", {"listen", "discovery"}));
        if (const json::Value* on = enrolment->find("discovery")) {
            if (!on->is_bool())
                return fail(Errc::invalid, "enrolment.discovery is not true or false");
            config.discovery = on->as_bool();
        }
        EK_CHECK(read_listen(*enrolment, "enrolment.listen", config.enrolment));
    }
    if (const json::Value* rest = value.find("rest")) EK_CHECK(read_rest(*rest, config));
    if (const json::Value* log = value.find("log")) {
        EK_CHECK(check(*log, "log", {"level"}));
        EK_CHECK(read_text(*log, "level", "log.level", config.log_level));
    }
    constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error", "off"};
    if (std::find(std::begin(kLevels), std::end(kLevels), config.log_level) == std::end(kLevels)) {
        return fail(Errc::invalid, "log.level is none of debug, info, warning, error, off");
    }
    return config;
}

Result<Config> read_config(const std::string& path) {
    EK_CHECK(require_trusted(path.empty() ? kConfigPath : path));
    const auto text = read_file(path.empty() ? kConfigPath : path);
    if (!text) {
        if (path.empty() && text.error().code == Errc::not_found) return Config{};
        return fail(text.error());
    }
    auto config = parse_config(*text);
    if (!config) return fail(path.empty() ? kConfigPath : path, config.error());
    return config;
}

}  // namespace evenkeel
