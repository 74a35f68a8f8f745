#include "sdk/client/cli/progress.hpp"

#include <algorithm>
#include <utility>

#include "core/json/json.hpp"
#include "sdk/client/cli/output.hpp"

namespace evenkeel::cli {
namespace {

// What the event says, in words.
std::string line_of(const json::Value& data) {
    const std::string id = data.string_or("id");
    return data.string_or("collection") + (id.empty() ? "" : " " + id) + ": " +
           data.string_or("message");
}

}  // namespace

Progress::Progress(client::Config config, std::vector<std::string> hosts) {
    config.cancel = &cancel_;
    thread_ = std::thread([this, config = std::move(config), hosts = std::move(hosts)]() mutable {
        follow(std::move(config), hosts);
    });
}

Progress::~Progress() {
    cancel_.cancel();
    thread_.join();
}

void Progress::follow(client::Config config, const std::vector<std::string>& hosts) {
    auto client = client::Client::open(std::move(config));
    const auto known = client ? client->hosts() : client.error();
    if (!known) return;
    std::map<std::string, std::string> names;  // of the hosts that are asked for, by id
    for (const client::Host& host : *known) {
        const bool wanted = std::find(hosts.begin(), hosts.end(), host.name) != hosts.end();
        if (wanted) names[host.id] = host.name;
    }
    const auto on_event = [&names](const client::Event& event) {
        const auto data = json::parse(event.data);
        const auto host = names.find(data ? data->string_or("host") : "");
        if (host != names.end()) Output::message(host->second + ": " + line_of(*data));
        return true;
    };
    static_cast<void>(client->events({.type = "command.progress"}, on_event));
}

}  // namespace evenkeel::cli
