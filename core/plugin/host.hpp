#pragma once

#include <memory>
#include <string>
#include <utility>

#include <evenkeel/plugin.h>

#include "core/base/result.hpp"
#include "core/plugin/plugin_log.hpp"
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
    const std::string& plugin() const { return plugin_; }        // "files 0.1.0"
    const std::string& signed_by() const { return signed_by_; }  // as in Package
    const secrets::Redactor& redactor() const { return redactor_; }
    // The process that the plugin runs in; null: this one. It lives as long as this.
    RemotePlugin* process() const { return process_.get(); }
    // Before there is an instance.
    void run_by(std::shared_ptr<RemotePlugin> process) { process_ = std::move(process); }
    const PluginLog& log() const { return log_; }
    SecretFilter filter() const { return SecretFilter(known_secrets_); }

    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

  private:
    Host(const Package& package, const LoadOptions& options);
    static void on_log(void* ctx, std::int32_t severity, ek_str message, ek_str fields) noexcept;
    static const void* extension(void* ctx, const char* id) noexcept;

    const std::string plugin_, version_, signed_by_;
    std::string data_dir_;
    secrets::Redactor redactor_;
    secrets::KnownSecrets known_secrets_;
    PluginLog log_;
    std::shared_ptr<Storage> storage_;  // null without a folder
    ek_host table_{};
    std::shared_ptr<RemotePlugin> process_;  // the last member: it logs until it is gone
};

}  // namespace evenkeel::plugin
