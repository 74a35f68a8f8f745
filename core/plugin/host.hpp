#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <evenkeel/plugin.h>

#include "core/base/result.hpp"
#include "core/plugin/log_limit.hpp"
#include "core/plugin/storage.hpp"
#include "core/secrets/redactor.hpp"

namespace evenkeel::plugin {

struct LoadOptions;
struct Package;
class RemotePlugin;

// What the agent offers one plugin (ek_host): its log, its folder. Shared by all its instances,
// since a call that hangs may use it after its collection is gone. [any]
class Host {
  public:
    // Makes the plugin's folder in options.data_dir, if there is one.
    static Result<std::shared_ptr<Host>> make(const Package& package, const LoadOptions& options);

    const ek_host* table() const { return &table_; }
    const std::string& plugin() const { return plugin_; }  // "files 0.1.0"
    const secrets::Redactor& redactor() const { return redactor_; }
    // The process that the plugin runs in; null: this one. It lives as long as this.
    RemotePlugin* process() const { return process_.get(); }
    // Before there is an instance.
    void run_by(std::shared_ptr<RemotePlugin> process) { process_ = std::move(process); }
    // One entry in the log: `severity` is an EK_SEV_.
    void log(std::int32_t severity, ek_str message, ek_str fields) const;
    // Takes the secrets of all descriptions of this host out of a plugin's sentences, which may
    // quote what it found on the machine (a log, the output of a tool). The first sentence costs a
    // reading of every description that has a secret; keep it for one call only, as they change.
    class Filter {
      public:
        explicit Filter(const Host& host) : host_(host) {}
        std::string operator()(std::string sentence);

      private:
        const Host& host_;
        std::optional<Result<secrets::SecretTexts>> secrets_;
    };

    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

  private:
    explicit Host(const LoadOptions& options);
    bool may_log() const;
    static void on_log(void* ctx, std::int32_t severity, ek_str message, ek_str fields) noexcept;
    static const void* extension(void* ctx, const char* id) noexcept;

    std::string plugin_, version_, data_dir_;
    secrets::Redactor redactor_;
    secrets::KnownSecrets known_secrets_;
    mutable LogLimit log_limit_;
    std::unique_ptr<Storage> storage_;  // null without a folder
    ek_host table_{};
    std::shared_ptr<RemotePlugin> process_;  // the last member: it logs until it is gone
};

}  // namespace evenkeel::plugin
