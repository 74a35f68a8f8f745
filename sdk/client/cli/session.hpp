#pragma once

#include <map>
#include <optional>
#include <string>

#include "sdk/client/cli/exit.hpp"
#include "sdk/client/cli/hosts.hpp"
#include "sdk/client/cli/output.hpp"
#include "sdk/client/cpp/client.hpp"

namespace evenkeel::cli {

// The options that every command takes; empty where not given.
struct Globals {
    std::string url;
    std::string token_file;
    std::string ca_file;
    std::string context;
    std::string output = "table";  // as OutputFormat reads it
};

// Which orchestrator, with which token: flag before environment before context. What a context
// says of token and CA goes only to that context's URL. A context named by --context counts like
// flags. The failure is Kind::local.
client::Result<client::Config> resolve(const Globals& globals);

// One run of ek: where to, how to print, how to stop.
class Session {
  public:
    Session(Globals globals, const client::Cancel& cancel)
        : globals_(std::move(globals)),
          output_(OutputFormat::read(globals_.output).value_or(OutputFormat{})),
          cancel_(cancel) {}

    const Globals& globals() const { return globals_; }
    const Output& output() const { return output_; }

    // Opens at the first call. A fault of the settings is told and is Exit::usage.
    client::Result<client::Client*> open();
    // Of the client, once it is open.
    const client::Config& config() const { return config_; }
    // Says what went wrong and gives its exit code.
    Exit fail(const client::Failure& failure, std::string_view about = "") const;

    // The host's name for people, the id itself when the list does not tell. Reads the list at the
    // first call, so that call may not come from a callback of the client.
    std::string host_name(const std::string& id);

  private:
    Globals globals_;
    Output output_;
    const client::Cancel& cancel_;
    client::Config config_;
    std::optional<client::Client> client_;
    std::optional<std::map<std::string, std::string>> names_;
};

}  // namespace evenkeel::cli
