#include "core/agent/runs/command_calls.hpp"

#include <utility>

#include "core/agent/store/journal.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

CommandCalls::CommandCalls(Journal& journal, std::string command, std::uint64_t deadline_ns)
    : journal_(journal), command_(std::move(command)), deadline_ns_(deadline_ns) {}

PluginCall CommandCalls::make(std::string what, const wire::Ref& ref, bool is_alone) {
    PluginCall call(std::move(what), deadline_ns_);
    call.request_id = command_;
    // One for each call: a plugin that is given up does not end the next one's.
    call.cancel = newest_ = std::make_shared<plugin::CancelSource>();
    if (is_cancelled_) newest_->cancel();
    // A report of one call for several need not say which of them it is about.
    const std::string usual = is_alone ? ref.id : "";
    call.progress = [&journal = journal_, command = command_, ref,
                     usual](const plugin::Progress& report) {
        journal.publish_live({wire::EventKind::command_progress,
                              json::Object{{"command", command},
                                           {"collection", ref.collection},
                                           {"id", report.id.empty() ? usual : report.id},
                                           {"permille", report.permille},
                                           {"message", report.message}},
                              {ref},
                              ""});
    };
    return call;
}

void CommandCalls::cancel() {
    is_cancelled_ = true;
    if (newest_) newest_->cancel();
}

bool CommandCalls::is_too_late() const {
    return deadline_ns_ != 0 && now_monotonic_ns() >= deadline_ns_;
}

}  // namespace evenkeel::agent
