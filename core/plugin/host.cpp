#include "core/plugin/host.hpp"

#include <string_view>

#include <evenkeel/ext/storage.h>

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/load.hpp"
#include "core/plugin/package.hpp"

namespace evenkeel::plugin {
namespace {

constexpr std::size_t kLogBytesMax = 4096;

log::Level level_of(std::int32_t severity) {
    switch (severity_of(severity)) {
        case EK_SEV_DEBUG:
            return log::Level::debug;
        case EK_SEV_INFO:
            return log::Level::info;
        case EK_SEV_ERROR:
            return log::Level::error;
        default:
            return log::Level::warning;
    }
}

}  // namespace

Host::Host(const LoadOptions& options)
    : redactor_(options.fingerprint), known_secrets_(options.known_secrets) {}

std::string Host::Filter::operator()(std::string sentence) {
    if (!host_.known_secrets_ || sentence.empty()) return sentence;
    if (!secrets_) secrets_ = host_.known_secrets_();
    return *secrets_ ? secrets::without(std::move(sentence), **secrets_) : "(withheld)";
}

Result<std::shared_ptr<Host>> Host::make(const Package& package, const LoadOptions& options) {
    const std::shared_ptr<Host> host(new Host(options));
    host->plugin_ = package.name + " " + package.version;
    host->version_ = options.agent_version;
    if (!options.data_dir.empty()) {
        host->data_dir_ = options.data_dir + "/" + package.name;
        EK_CHECK(make_folder(host->data_dir_, 0700));
        host->storage_ = EK_TRY(Storage::open(host->data_dir_ + ".storage", host->plugin_));
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

// A line costs more than it takes to ask for it: the secrets are taken out of it.
bool Host::may_log() const {
    const LogLimit::Advice advice = log_limit_.take(now_monotonic_ns());
    if (advice.left_out_before != 0)
        log::warning("lines of a plugin were left out",
                     {{"plugin", plugin_}, {"count", std::to_string(advice.left_out_before)}});
    if (advice.is_first_left_out)
        log::warning("a plugin writes too much, and the rest of this minute is left out",
                     {{"plugin", plugin_}, {"lines", std::to_string(LogLimit::kMost)}});
    return advice.write;
}

void Host::log(std::int32_t severity, ek_str message, ek_str fields) const {
    const log::Level level = level_of(severity);
    if (!log::is_written(level) || !may_log()) return;
    Filter filter(*this);
    const auto text = [&](ek_str part) { return printable(filter(head(part, kLogBytesMax))); };
    if (fields.len == 0) {
        log::write(level, text(message), {{"plugin", plugin_}});
    } else {
        log::write(level, text(message), {{"plugin", plugin_}, {"fields", text(fields)}});
    }
}

void Host::on_log(void* ctx, std::int32_t severity, ek_str message, ek_str fields) noexcept {
    const auto& self = *static_cast<const Host*>(ctx);
    // No exception may pass through the plugin.
    try {
        self.log(severity, message, fields);
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
