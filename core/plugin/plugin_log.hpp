#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/plugin/log_limit.hpp"
#include "core/run/lane.hpp"
#include "core/secrets/redactor.hpp"

namespace evenkeel::plugin {

// Takes the secrets of all descriptions of this host out of a plugin's sentences, which may quote
// what it found on the machine (a log, the output of a tool). The first sentence costs a reading of
// every description that has a secret; keep it for one call only, as they change.
class SecretFilter {
  public:
    // `known`, which may be empty, outlives this.
    explicit SecretFilter(const secrets::KnownSecrets& known) : known_(known) {}
    std::string operator()(std::string sentence);

  private:
    const secrets::KnownSecrets& known_;
    std::optional<Result<secrets::SecretTexts>> secrets_;
};

// The log of one plugin: bounded in lines and in their length, and without secrets. [any]
class PluginLog {
  public:
    // `plugin` is "files 0.1.0".
    PluginLog(std::string plugin, secrets::KnownSecrets known);
    PluginLog(const PluginLog&) = delete;
    PluginLog& operator=(const PluginLog&) = delete;

    // One entry; `severity` is an EK_SEV_. It is written when this returns, but for what the
    // reactor's thread brings: secrets are taken out of that on another thread, all that came
    // meanwhile together, so that nobody else's watch waits for it. The destructor writes the rest.
    void write(std::int32_t severity, ek_str message, ek_str fields) const;

  private:
    struct Line {
        std::int32_t severity;
        std::string message, fields;
    };
    // Shared with the thread, which may have to be left behind.
    struct Shared {
        std::string plugin;
        secrets::KnownSecrets known;
        std::mutex mutex;
        std::vector<Line> waiting;
        std::uint64_t left_out = 0;

        void write(const std::vector<Line>& lines) const;
        void write_waiting();
    };

    bool may_write() const;
    void write_beside(Line line) const;

    const std::shared_ptr<Shared> shared_;
    mutable LogLimit limit_;
    mutable run::Lane lane_;
};

}  // namespace evenkeel::plugin
