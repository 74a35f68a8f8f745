#pragma once

#include <map>
#include <string>

#include "sdk/client/cli/manifests/objects.hpp"
#include "sdk/client/cpp/client.hpp"

namespace evenkeel::cli {

// An object that the orchestrator has.
struct KnownObject {
    json::Value body;  // with_defaults(); hosts by id, secrets redacted
    std::string source;
};
using KnownObjects = std::map<ObjectKey, KnownObject>;

// All of them. An assignment's settings are settings of its scope.
client::Result<KnownObjects> known_objects(client::Client& client);

// Names and ids of hosts, each asked for once.
class HostNames {
  public:
    explicit HostNames(client::Client& client) : client_(client) {}

    // Null when there is no such host.
    client::Result<const client::Host*> find(const std::string& name);

    // The text with the id, or the name, in place of the host of "host:NAME"; any other scope, and
    // the scope of a host that is not there, as it is.
    client::Result<std::string> scope_by_id(const std::string& scope);
    client::Result<std::string> scope_by_name(const std::string& scope);

  private:
    client::Result<std::string> scope_by(const std::string& scope, std::string client::Host::*part);

    client::Client& client_;
    std::map<std::string, std::optional<client::Host>> seen_;
};

}  // namespace evenkeel::cli
