#include "core/plugin/plugin_log.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/reactor.hpp"

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

void tell_left_out(const std::string& plugin, std::uint64_t lines) {
    log::warning("lines of a plugin were left out",
                 {{"plugin", plugin}, {"count", std::to_string(lines)}});
}

}  // namespace

std::string SecretFilter::operator()(std::string sentence) {
    if (!known_ || sentence.empty()) return sentence;
    if (!secrets_) secrets_ = known_();
    return *secrets_ ? secrets::without(std::move(sentence), **secrets_) : "(withheld)";
}

PluginLog::PluginLog(std::string plugin, secrets::KnownSecrets known)
    : shared_(std::make_shared<Shared>()), lane_({.name = "plugin-log"}) {
    shared_->plugin = std::move(plugin);
    shared_->known = std::move(known);
}

// A line costs more than it takes to ask for it: the secrets are taken out of it.
bool PluginLog::may_write() const {
    const LogLimit::Advice advice = limit_.take(now_monotonic_ns());
    if (advice.left_out_before != 0) tell_left_out(shared_->plugin, advice.left_out_before);
    if (advice.is_first_left_out)
        log::warning("a plugin writes too much, and the rest of this minute is left out",
                     {{"plugin", shared_->plugin}, {"lines", std::to_string(LogLimit::kMost)}});
    return advice.write;
}

void PluginLog::write(std::int32_t severity, ek_str message, ek_str fields) const {
    if (!log::is_written(level_of(severity)) || !may_write()) return;
    Line line{severity, head(message, kLogBytesMax), head(fields, kLogBytesMax)};
    if (shared_->known && Reactor::is_this_thread()) return write_beside(std::move(line));
    shared_->write({std::move(line)});
}

void PluginLog::write_beside(Line line) const {
    {
        const std::lock_guard lock(shared_->mutex);
        std::vector<Line>& waiting = shared_->waiting;
        if (waiting.size() >= LogLimit::kMost) {
            ++shared_->left_out;
            return;
        }
        waiting.push_back(std::move(line));
        // Who writes those that wait takes this one along.
        if (waiting.size() > 1) return;
    }
    static_cast<void>(lane_.submit([shared = shared_] { shared->write_waiting(); }));
}

void PluginLog::Shared::write_waiting() {
    std::vector<Line> lines;
    std::uint64_t more = 0;
    {
        const std::lock_guard lock(mutex);
        lines.swap(waiting);
        more = std::exchange(left_out, 0);
    }
    write(lines);
    if (more != 0) tell_left_out(plugin, more);
}

void PluginLog::Shared::write(const std::vector<Line>& lines) const {
    SecretFilter filter(known);
    for (const Line& line : lines) {
        const std::string text = printable(filter(line.message));
        const log::Level level = level_of(line.severity);
        if (line.fields.empty()) log::write(level, text, {{"plugin", plugin}});
        else
            log::write(level, text,
                       {{"plugin", plugin}, {"fields", printable(filter(line.fields))}});
    }
}

}  // namespace evenkeel::plugin
