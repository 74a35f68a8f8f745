#include "core/agent/runs/engine.hpp"

#include <utility>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/runs/command_run.hpp"
#include "core/agent/runs/due_actions.hpp"
#include "core/agent/runs/notification_run.hpp"
#include "core/agent/runs/ordering.hpp"
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

// Its turn has come when nothing runs or waits in its collections, nor is about to. Not an action
// of `invoke`, which is run again only if it had not begun: that has to be known of it. Nor what
// may make an action due, which is on disk before the change and so is a commit between begin and
// end in any case.
bool Engine::may_begin(const NewCommand& command) const {
    const InboxCommand& inbox = command.inbox;
    return accepting_ == 0 && inbox.verb != wire::Verb::invoke &&
           !may_notify(inbox, context_.catalog) && now_monotonic_ns() < command.deadline_ns &&
           queue_.are_free(collections_of(inbox, context_.catalog));
}

void Engine::accept(NewCommand command) {
    const bool begins = may_begin(command);
    if (begins) command.inbox.state = InboxCommand::State::running;
    auto store = [&store = context_.journal.store(), along = std::move(command.along),
                  inbox = command.inbox](store::WriteTxn& txn) -> Result<void> {
        if (along) EK_CHECK(along(txn));
        return store.put_new(txn, inbox);
    };
    if (begins) {
        auto run =
            std::make_unique<CommandRun>(context_, std::move(command.inbox), command.deadline_ns,
                                         std::move(command.on_finished));
        CommandRun& begun = *run;
        queue_.add_begun(std::move(run));
        return begun.begin_new(std::move(store), std::move(command.on_accepted));
    }
    ++accepting_;
    context_.journal.commit(
        {}, [store = std::move(store)](store::WriteTxn& txn, const auto&) { return store(txn); },
        [this, command = std::move(command)](const Result<void>& stored) {
            --accepting_;
            command.on_accepted(stored);
            if (stored) submit(command.inbox, command.deadline_ns, command.on_finished);
        },
        store::Importance::urgent);
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
