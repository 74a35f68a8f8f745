#include "core/agent/runs/engine.hpp"

#include <utility>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/runs/command_run.hpp"
#include "core/agent/runs/notification_run.hpp"
#include "core/agent/runs/plan_run.hpp"
#include "core/agent/runs/repair_run.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

Engine::Engine(Parts parts)
    : notifications_(parts.catalog, parts.loop),
      queue_(parts.loop),
      commits_(parts.journal, parts.loop),
      context_{parts.catalog, parts.registry, parts.journal, parts.checker, parts.tracker,
               parts.repairs, notifications_, queue_,        commits_,      parts.store} {
    queue_.on_empty = [this] {
        if (on_idle) on_idle();
    };
    notifications_.start = [this](const std::string& source,
                                  const wire::Notification& notification) {
        queue_.add(std::make_unique<NotificationRun>(context_, source, notification));
    };
}

void Engine::submit(InboxCommand command, std::uint64_t deadline_ns,
                    std::function<void(const CommandResult&)> on_finished) {
    queue_.add(std::make_unique<CommandRun>(context_, std::move(command), deadline_ns,
                                            std::move(on_finished)));
}

void Engine::repair(const wire::Ref& ref) {
    queue_.add(std::make_unique<RepairRun>(context_, ref));
}

void Engine::cancel(const std::string& command) {
    if (Run* run = queue_.find(command)) run->cancel();
}

void Engine::plan(Intent intent, const std::vector<wire::ResourceRequest>& requests,
                  std::chrono::milliseconds timeout,
                  std::function<void(std::vector<wire::ResourceResult>)> done) {
    const auto ns = std::chrono::nanoseconds(timeout).count();
    const HostView host{context_.catalog, context_.registry, *context_.store};
    std::make_shared<PlanRun>(host, std::move(intent), requests,
                              now_monotonic_ns() + static_cast<std::uint64_t>(ns), std::move(done))
        ->begin();
}

}  // namespace evenkeel::agent
