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
    // A source for each call, so that abandoning one call at its deadline does not cancel the next.
    call.cancel = newest_ = std::make_shared<plugin::CancelSource>();
    if (is_cancelled_) newest_->cancel();
    // In a call for several resources, progress need not name the resource that it is about.
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
