#include "core/plugin/host.hpp"

#include <string_view>

#include <evenkeel/ext/storage.h>

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/load.hpp"
#include "core/plugin/package.hpp"

namespace evenkeel::plugin {

Host::Host(const Package& package, const LoadOptions& options)
    : plugin_(package.name + " " + package.version),
      version_(options.agent_version),
      signed_by_(package.signed_by),
      redactor_(options.fingerprint),
      known_secrets_(options.known_secrets),
      log_(plugin_, options.known_secrets) {}

Result<std::shared_ptr<Host>> Host::make(const Package& package, const LoadOptions& options) {
    const std::shared_ptr<Host> host(new Host(package, options));
    if (!options.data_dir.empty()) {
        host->data_dir_ = options.data_dir + "/" + package.name;
        EK_CHECK(make_folder(host->data_dir_, 0700));
        host->storage_ = EK_TRY(Storage::open(host->data_dir_ + ".storage", package.name));
    }
    host->table_ = {sizeof(ek_host),
                    EK_ABI_MINOR,
                    host.get(),
                    borrow("evenkeel-agent"),
                    borrow(host->version_),
                    host->data_dir_.empty() ? kAbsent : borrow(host->data_dir_),
                    on_log,
                    extension};
    return host;
}

void Host::on_log(void* ctx, std::int32_t severity, ek_str message, ek_str fields) noexcept {
    const auto& self = *static_cast<const Host*>(ctx);
    // No exception may pass through the plugin.
    try {
        self.log_.write(severity, message, fields);
    } catch (const std::exception& error) {
        log::warning("a plugin's line is lost",
                     {{"plugin", self.plugin_}, {"error", error.what()}});
    }
}

const void* Host::extension(void* ctx, const char* id) noexcept {
    const auto& self = *static_cast<const Host*>(ctx);
    const bool wants_storage = self.storage_ && std::string_view(id) == EK_EXT_STORAGE;
    return wants_storage ? self.storage_->table() : nullptr;
}

}  // namespace evenkeel::plugin
